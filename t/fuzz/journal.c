/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* journal.c: any bytes as the journal of a state directory.
 *
 * Input: one byte for the mode (lib/state.h), then the file without its head, as far as it has records
 * (the last bytes as its head, when RAW). In mode SEAL
 * each record's magic, place and checksums are set right, and a length that cannot be is the rest of the file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/state.h"
#include "store/ccgw_store_local.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seal_record(ccgw_local_record_t *record, apr_uint64_t position, apr_uint32_t len)
{
    record->magic = CCGW_LOCAL_RECORD_MAGIC;
    record->len = len;
    record->position = position;
    ccgw_local_record_seal(record);
    record->crc = ccgw_local_record_crc(record);
}

static void seal_all(char *file, size_t size)
{
    size_t at = CCGW_LOCAL_FILE_HEAD;

    while (at + sizeof(ccgw_local_record_t) <= size) {
        ccgw_local_record_t *record = (ccgw_local_record_t *)(file + at);
        size_t left = (size - at) & ~(size_t)7, len = record->len & ~(size_t)7;

        if (len < sizeof *record || len > left)
            len = left;
        seal_record(record, at, (apr_uint32_t)len);
        at += len;
    }
}

static void put_head(char *file)
{
    ccgw_local_file_head_t head = { .magic = CCGW_LOCAL_FILE_MAGIC, .format = CCGW_LOCAL_FILE_FORMAT };

    head.size = CCGW_LOCAL_FILE_MIN;
    head.crc = ccgw_local_file_head_crc(head);
    memcpy(file, &head, sizeof head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *file;

    if (!size || size > 256 * 1024)
        return 0;
    state_dir();
    file = calloc(1, size + CCGW_LOCAL_FILE_HEAD);
    memcpy(file + CCGW_LOCAL_FILE_HEAD, data + 1, size - 1);
    if (!(data[0] & STATE_RAW) || size <= CCGW_LOCAL_FILE_HEAD)
        put_head(file);
    else
        memcpy(file, data + size - CCGW_LOCAL_FILE_HEAD, CCGW_LOCAL_FILE_HEAD);
    if (data[0] & STATE_SEAL)
        seal_all(file, size - 1 + CCGW_LOCAL_FILE_HEAD);
    state_write("journal-0000000000000000", file, size - 1 + CCGW_LOCAL_FILE_HEAD);
    free(file);
    state_try(data[0]);
    return 0;
}
