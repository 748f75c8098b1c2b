/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* snapshot.c: any bytes as the snapshot of a state directory that has no journal yet.
 *
 * Input: one byte for the mode (lib/state.h), then the file. Unless RAW, the head is set right; in mode
 * SEAL each item's checksum is, lengths that cannot be are made to fit, and an END is put behind the last whole item. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/state.h"
#include "store/ccgw_store_local.h"
#include "util/ccgw_crc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where a file begins, so that no journal is missed. */
#define POSITION CCGW_LOCAL_FILE_MIN
#define NAME     "snapshot-0000000000400000"

static void seal_head(ccgw_local_snapshot_head_t *head)
{
    head->magic = CCGW_LOCAL_SNAPSHOT_MAGIC;
    head->format = CCGW_LOCAL_SNAPSHOT_FORMAT;
    head->position = POSITION;
    /* So many starts nobody makes. */
    head->epoch &= 0xffff;
    head->incarnation &= 0xfff;
    head->file_size = CCGW_LOCAL_FILE_MIN;
    head->crc = 0;
    head->crc = ccgw_crc32c(0, head, sizeof *head);
}

static void seal_item(ccgw_local_item_t *item, size_t at, size_t len)
{
    size_t rest = len - sizeof *item, key = CCGW_LOCAL_ALIGN(item->key_len);

    item->len = (apr_uint32_t)len;
    if (key > rest) {
        item->key_len = (apr_uint16_t)(rest < CCGW_KEY_MAX ? rest : 0);
        key = CCGW_LOCAL_ALIGN(item->key_len);
    }
    if (CCGW_LOCAL_ALIGN(item->value_len) != rest - key)
        item->value_len = (apr_uint32_t)(rest - key);
    item->crc = ccgw_local_item_crc(item, at);
}

/* @return the file's size, with the END */
static size_t seal_all(char *file, size_t size)
{
    size_t at = sizeof(ccgw_local_snapshot_head_t);
    ccgw_local_item_t end = { .len = sizeof end, .kind = CCGW_LOCAL_ITEM_END };

    for (; at + sizeof end <= size; end.a++) {
        ccgw_local_item_t *item = (ccgw_local_item_t *)(file + at);
        size_t left = (size - at) & ~(size_t)7, len = item->len & ~(size_t)7;

        if (item->kind == CCGW_LOCAL_ITEM_END)
            break;
        if (len < sizeof *item || len > left)
            len = left;
        seal_item(item, at, len);
        at += len;
    }
    end.crc = ccgw_local_item_crc(&end, at);
    memcpy(file + at, &end, sizeof end);
    return at + sizeof end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n = size - 1;
    char *file;

    if (!size || size > 256 * 1024)
        return 0;
    state_dir();
    file = calloc(1, n + sizeof(ccgw_local_snapshot_head_t) + sizeof(ccgw_local_item_t));
    memcpy(file, data + 1, n);
    if (!(data[0] & STATE_RAW) && n >= sizeof(ccgw_local_snapshot_head_t))
        seal_head((ccgw_local_snapshot_head_t *)file);
    if (data[0] & STATE_SEAL)
        n = seal_all(file, n);
    state_write(NAME, file, n);
    free(file);
    state_try(data[0]);
    return 0;
}
