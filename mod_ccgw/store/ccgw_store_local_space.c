/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_space.c: the journal's files: made ahead of use, used again, and gone.
 *
 * Overwriting costs half the sync of growing, so a file holds zeros, or records of long ago,
 * before anybody writes to it. Zeros go only where seg->prepared has not been yet, and commits go
 * only where it has: neither can hit the other. Records of long ago have other positions than
 * those that their places have now, so nobody takes them for new ones. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"
#include "util/ccgw_crc.h"
#include "util/ccgw_log.h"
#include "util/ccgw_step.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP      ((apr_uint64_t)4 * 1024 * 1024)
#define PATH_SIZE CCGW_LOCAL_PATH_SIZE
/* While the disk is full it is tried this often. */
#define TRY_AGAIN (APR_USEC_PER_SEC / 2)
/* At most this much lies in files that wait to be used again, unless the journal grew larger than that between two
 * snapshots. */
#define SPARE_BYTES ((apr_uint64_t)640 * 1024 * 1024)

apr_uint32_t ccgw_local_file_head_crc(ccgw_local_file_head_t head)
{
    head.crc = 0;
    return ccgw_crc32c(0, &head, sizeof head);
}

/* Killed in between, the owner left files as whoever comes next expects them: made and not announced. */
static void take_space_lock(ccgw_store_t *store)
{
    int rv = pthread_mutex_lock(&store->seg->space_lock);

    if (rv == EOWNERDEAD)
        rv = pthread_mutex_consistent(&store->seg->space_lock);
    if (rv)
        abort();
}

/* ---- names ---- */

const char *ccgw_local_snapshot_path(const ccgw_store_t *store, apr_uint64_t position, char *buf, apr_size_t n)
{
    apr_snprintf(buf, n, "%s/snapshot-%016" APR_UINT64_T_HEX_FMT, store->dir, position);
    return buf;
}

/* A spare is called as the journal file was that it has been last, so no two have one name. */
static const char *spare_path(const ccgw_store_t *store, apr_uint64_t first, char *buf, apr_size_t n)
{
    apr_snprintf(buf, n, "%s/spare-%016" APR_UINT64_T_HEX_FMT, store->dir, first);
    return buf;
}

/* Does NAME say PREFIX and a position? */
static int read_name(apr_uint64_t *position, const char *name, const char *prefix)
{
    unsigned long long first;
    apr_size_t n = strlen(prefix);
    int end = 0;

    if (strncmp(name, prefix, n) || sscanf(name + n, "%16llx%n", &first, &end) != 1 || end != 16 || name[n + 16])
        return 0;
    *position = first;
    return 1;
}

apr_status_t ccgw_local_dir_each(const ccgw_store_t *store, const char *prefix, ccgw_local_see_t *see, void *baton,
                                 apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_dir_t *dir;
    apr_status_t rv = apr_dir_open(&dir, store->dir, pool), got = APR_SUCCESS;
    apr_uint64_t position;
    int more = 1;

    if (rv != APR_SUCCESS)
        return rv;
    while (more && (got = apr_dir_read(&info, APR_FINFO_NAME, dir)) == APR_SUCCESS) {
        if (read_name(&position, info.name, prefix))
            more = see(baton, info.name, position);
    }
    apr_dir_close(dir);
    /* Any other end than the end hides files. */
    return got == APR_SUCCESS || APR_STATUS_IS_ENOENT(got) ? APR_SUCCESS : got;
}

typedef struct listing_t {
    ccgw_local_dir_t *found;
    apr_uint64_t file_size;
} listing_t;

static int note_snapshot(void *baton, const char *name, apr_uint64_t position)
{
    listing_t *listing = baton;

    if (position > listing->found->snapshot)
        listing->found->snapshot = position;
    return 1;
}

static int note_journal(void *baton, const char *name, apr_uint64_t position)
{
    listing_t *listing = baton;
    ccgw_local_dir_t *found = listing->found;
    apr_uint64_t file = position / listing->file_size;

    if (!found->nfiles || file < found->first)
        found->first = file;
    if (!found->nfiles || file > found->last)
        found->last = file;
    found->nfiles++;
    return 1;
}

static int note_spare(void *baton, const char *name, apr_uint64_t position)
{
    ((listing_t *)baton)->found->nspares++;
    return 1;
}

apr_status_t ccgw_local_dir_list(ccgw_local_dir_t *found, const ccgw_store_t *store, apr_uint64_t file_size,
                                 apr_pool_t *pool)
{
    listing_t listing = { found, file_size };
    apr_status_t rv;

    memset(found, 0, sizeof *found);
    rv = ccgw_local_dir_each(store, "snapshot-", note_snapshot, &listing, pool);
    if (rv == APR_SUCCESS)
        rv = ccgw_local_dir_each(store, "journal-", note_journal, &listing, pool);
    return rv == APR_SUCCESS ? ccgw_local_dir_each(store, "spare-", note_spare, &listing, pool) : rv;
}

/* ---- making ---- */

static apr_status_t write_zeros(int fd, apr_uint64_t from, apr_uint64_t to)
{
    static const char zeros[64 * 1024];
    apr_uint64_t pushed = from;
    apr_status_t rv = APR_SUCCESS;

    while (from < to && rv == APR_SUCCESS) {
        apr_uint64_t n = to - from < sizeof zeros ? to - from : sizeof zeros;

        rv = ccgw_local_write_all(fd, zeros, n, from);
        from += n;
        if (rv == APR_SUCCESS)
            rv = ccgw_local_file_push(fd, &pushed, from);
    }
    return rv;
}

/* What is written past the system's memory need not be looked for in it first. */
static void forget_zeros(const ccgw_store_t *store, int fd)
{
    if (store->direct)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static apr_status_t write_head(const ccgw_store_t *store, int fd, apr_uint64_t file)
{
    ccgw_local_file_head_t head = { .magic = CCGW_LOCAL_FILE_MAGIC, .format = CCGW_LOCAL_FILE_FORMAT };
    struct stat info;

    if (fstat(fd, &info))
        return errno;
    head.position = file * store->seg->file_size;
    head.size = store->seg->file_size;
    head.inode = info.st_ino;
    head.crc = ccgw_local_file_head_crc(head);
    return ccgw_local_write_all(fd, &head, sizeof head, 0);
}

apr_status_t ccgw_local_file_adopt(ccgw_store_t *store, apr_uint64_t file)
{
    char path[PATH_SIZE];
    int fd = open(ccgw_local_file_path(store, file, path, sizeof path), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    apr_status_t rv;

    /* Behind an accepted loss there may be gaps. */
    if (fd < 0)
        return errno == ENOENT ? APR_SUCCESS : errno;
    rv = write_head(store, fd, file);
    if (rv == APR_SUCCESS && fdatasync(fd))
        rv = errno;
    close(fd);
    return rv;
}

static apr_uint64_t step_of(const ccgw_local_segment_t *seg)
{
    return STEP < seg->file_size ? STEP : seg->file_size;
}

/* Made under another name and moved into place whole. A file of that name is one whose maker was killed before he
 * could say so: nobody has written to it, since seg->prepared never reached it, but it may hold records of long ago. */
static apr_status_t make_file(const ccgw_store_t *store, apr_uint64_t file)
{
    char path[PATH_SIZE], made[PATH_SIZE + 8];
    apr_status_t rv;
    int fd;

    ccgw_local_file_path(store, file, path, sizeof path);
    apr_snprintf(made, sizeof made, "%s.new", path);
    if (unlink(made) && errno != ENOENT)
        return errno;
    fd = open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    rv = write_head(store, fd, file);
    if (rv == APR_SUCCESS)
        rv = write_zeros(fd, sizeof(ccgw_local_file_head_t), step_of(store->seg));
    if (rv == APR_SUCCESS && (ccgw_local_give_away(store, fd) || fsync(fd)))
        rv = errno;
    forget_zeros(store, fd);
    close(fd);
    ccgw_step(FILE_FILLED);
    if (rv == APR_SUCCESS && rename(made, path))
        rv = errno;
    if (rv != APR_SUCCESS)
        unlink(made);
    else
        rv = ccgw_local_dir_sync(store);
    ccgw_step(FILE_LINKED);
    return rv;
}

typedef struct spare_t {
    int found;
    apr_uint64_t first;
} spare_t;

/* The oldest: who copies the directory may still be reading the youngest. */
static int take_oldest(void *baton, const char *name, apr_uint64_t position)
{
    spare_t *spare = baton;

    if (!spare->found || position < spare->first)
        spare->first = position;
    spare->found = 1;
    return 1;
}

/* The new head, on the disk. */
static apr_status_t ready_spare(const ccgw_store_t *store, const char *path, apr_uint64_t file)
{
    struct stat info;
    apr_status_t rv;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return errno;
    if (fstat(fd, &info) || (apr_uint64_t)info.st_size != store->seg->file_size)
        rv = APR_EGENERAL;
    else
        rv = write_head(store, fd, file);
    if (rv == APR_SUCCESS && fdatasync(fd))
        rv = errno;
    close(fd);
    return rv;
}

/* Give a spare the new head and then the new name. *used: there was one. One that cannot be used makes way for a file
 * that is made. */
static apr_status_t use_spare(int *used, ccgw_store_t *store, apr_uint64_t file)
{
    char from[PATH_SIZE], to[PATH_SIZE];
    spare_t spare = { 0 };
    apr_pool_t *pool;
    apr_status_t rv;

    *used = 0;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return APR_ENOMEM;
    rv = ccgw_local_dir_each(store, "spare-", take_oldest, &spare, pool);
    apr_pool_destroy(pool);
    if (rv != APR_SUCCESS || !spare.found)
        return rv;
    spare_path(store, spare.first, from, sizeof from);
    rv = ready_spare(store, from, file);
    ccgw_step(FILE_FILLED);
    if (rv != APR_SUCCESS || rename(from, ccgw_local_file_path(store, file, to, sizeof to))) {
        unlink(from);
        return APR_SUCCESS;
    }
    rv = ccgw_local_dir_sync(store);
    ccgw_step(FILE_LINKED);
    *used = rv == APR_SUCCESS;
    return rv;
}

static apr_status_t fill_up(ccgw_store_t *store, apr_uint64_t file, apr_uint64_t from, apr_uint64_t to)
{
    char path[PATH_SIZE];
    apr_status_t rv;
    int fd = open(ccgw_local_file_path(store, file, path, sizeof path), O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return errno;
    rv = write_zeros(fd, from, to);
    if (rv == APR_SUCCESS && fdatasync(fd))
        rv = errno;
    forget_zeros(store, fd);
    /* What did not become a whole step is given back: a snapshot, which frees more, may need it. */
    if (rv != APR_SUCCESS && ftruncate(fd, (off_t)from))
        rv = errno;
    close(fd);
    return rv;
}

/* Whoever has it open still may go on reading it (a backup does); but when its room is needed, or what it says shall be
 * gone, its bytes go first: unless it has another name, under which somebody keeps it. */
static int remove_file(const char *path, int empty)
{
    int fd = empty ? open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    struct stat info;
    int failed = empty && (fd < 0 || fstat(fd, &info) || (info.st_nlink == 1 && ftruncate(fd, 0)));

    if (fd >= 0)
        close(fd);
    return unlink(path) || failed;
}

/* What waits to be used again takes room that is needed now. Was there any? */
static int drop_one_spare(const ccgw_store_t *store)
{
    char path[PATH_SIZE];
    spare_t spare = { 0 };
    apr_pool_t *pool;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return 0;
    if (ccgw_local_dir_each(store, "spare-", take_oldest, &spare, pool) != APR_SUCCESS)
        spare.found = 0;
    apr_pool_destroy(pool);
    if (!spare.found || remove_file(spare_path(store, spare.first, path, sizeof path), 1))
        return 0;
    if (store->seg->spares)
        store->seg->spares--;
    return 1;
}

/* One step: a file more, or a part of the last one filled. */
static apr_status_t extend(ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_uint64_t file = seg->prepared / seg->file_size, at = seg->prepared % seg->file_size;
    apr_uint64_t to = (at / step_of(seg) + 1) * step_of(seg);
    apr_status_t rv = APR_SUCCESS;
    int used = 0;

    if (to > seg->file_size)
        to = seg->file_size;
    /* What must go soon is not brought back by using its file again. */
    if (!at && seg->scrub <= seg->snapshot)
        rv = use_spare(&used, store, file);
    if (rv == APR_SUCCESS && used) {
        seg->files_recycled++;
        seg->spares -= seg->spares > 0;
        to = seg->file_size;
    }
    else if (rv == APR_SUCCESS && !at) {
        rv = make_file(store, file);
        seg->files_made++;
    }
    else if (rv == APR_SUCCESS) {
        rv = fill_up(store, file, at, to);
    }
    if (rv == APR_SUCCESS)
        ccgw_local_set(seg->prepared, file * seg->file_size + to);
    return rv;
}

/* Trouble is told when it begins and when it is over, however many are hit by it. */
static apr_status_t tell(ccgw_store_t *store, apr_status_t rv)
{
    apr_time_t stuck = rv == APR_SUCCESS ? 0 : apr_time_now();
    apr_time_t before = __atomic_exchange_n(&store->seg->stuck, stuck, __ATOMIC_ACQ_REL);

    if (stuck && !before)
        ccgw_log(CCGW_LOG_ERROR, rv,
                 "CCGW0110: CcgwStateDir %s: the journal cannot grow; soon every request that changes something is "
                 "refused, until it can",
                 store->dir);
    if (!stuck && before)
        ccgw_log(CCGW_LOG_NOTICE, APR_SUCCESS, "CCGW0112: CcgwStateDir %s: the journal grows again", store->dir);
    return stuck ? CCGW_ESTORE : APR_SUCCESS;
}

apr_status_t ccgw_local_space_make(ccgw_store_t *store, apr_uint64_t end)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_time_t stuck = ccgw_local_read(seg->stuck);
    apr_status_t rv = APR_SUCCESS;

    /* Who asks again and again shall not fill and empty a disk that has no room. */
    if (stuck && ((apr_uint64_t)(apr_time_now() - stuck) < TRY_AGAIN || apr_time_now() < ccgw_local_read(seg->room_by)))
        return ccgw_local_read(seg->prepared) < end ? CCGW_ESTORE : APR_SUCCESS;
    take_space_lock(store);
    while (seg->prepared < end && rv == APR_SUCCESS) {
        rv = extend(store);
        if ((APR_STATUS_IS_ENOSPC(rv) || rv == EDQUOT) && drop_one_spare(store))
            rv = APR_SUCCESS;
    }
    pthread_mutex_unlock(&seg->space_lock);
    return tell(store, rv);
}

apr_uint64_t ccgw_local_space_freeze(ccgw_store_t *store, apr_uint64_t *recycled)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_uint64_t prepared;

    take_space_lock(store);
    prepared = seg->prepared;
    *recycled = seg->files_recycled;
    if (seg->scrub <= seg->snapshot)
        ccgw_local_set(seg->scrub, seg->snapshot + 1);
    pthread_mutex_unlock(&seg->space_lock);
    return prepared;
}

int ccgw_local_space_vow(ccgw_store_t *store, apr_uint64_t position, apr_uint64_t recycled)
{
    ccgw_local_segment_t *seg = store->seg;
    int clean;

    take_space_lock(store);
    clean = seg->files_recycled == recycled;
    if (clean && seg->scrub < position)
        ccgw_local_set(seg->scrub, position);
    pthread_mutex_unlock(&seg->space_lock);
    return clean;
}

/* ---- going ---- */

typedef struct recycling_t {
    ccgw_store_t *store;
    apr_uint64_t snapshot;
    apr_uint64_t file; /* the first one that is needed */
    apr_uint64_t spares, most;
    int empty;
    apr_status_t rv;
} recycling_t;

static int drop_snapshot(void *baton, const char *name, apr_uint64_t position)
{
    recycling_t *r = baton;
    char path[PATH_SIZE];

    if (position < r->snapshot &&
        remove_file(ccgw_local_snapshot_path(r->store, position, path, sizeof path), r->empty))
        r->rv = errno;
    return 1;
}

static int drop_journal(void *baton, const char *name, apr_uint64_t position)
{
    recycling_t *r = baton;
    ccgw_local_segment_t *seg = r->store->seg;
    char path[PATH_SIZE], spare[PATH_SIZE];
    int failed;

    if (position / seg->file_size >= r->file)
        return 1;
    ccgw_local_file_path(r->store, position / seg->file_size, path, sizeof path);
    if (r->spares < r->most) {
        failed = rename(path, spare_path(r->store, position, spare, sizeof spare));
        r->spares++;
    }
    else {
        failed = remove_file(path, r->empty);
    }
    if (failed)
        r->rv = errno;
    return 1;
}

static int drop_spare(void *baton, const char *name, apr_uint64_t position)
{
    recycling_t *r = baton;
    char path[PATH_SIZE];

    if (r->most)
        r->spares++;
    else if (remove_file(spare_path(r->store, position, path, sizeof path), r->empty))
        r->rv = errno;
    return 1;
}

apr_status_t ccgw_local_space_recycle(ccgw_store_t *store, apr_uint64_t position, int forget)
{
    ccgw_local_segment_t *seg = store->seg;
    recycling_t r = { store,      position, position / seg->file_size, 0, 0, forget || ccgw_local_read(seg->stuck),
                      APR_SUCCESS };
    apr_uint64_t bytes = store->snapshot_bytes > SPARE_BYTES ? store->snapshot_bytes : SPARE_BYTES;
    apr_pool_t *pool;
    apr_status_t rv;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return APR_ENOMEM;
    r.most = forget ? 0 : bytes / seg->file_size + 1;
    take_space_lock(store);
    rv = ccgw_local_dir_each(store, "snapshot-", drop_snapshot, &r, pool);
    if (rv == APR_SUCCESS)
        rv = ccgw_local_dir_each(store, "spare-", drop_spare, &r, pool);
    /* Files of the journal go last, for good: as long as one is there, a start knows that others may be. */
    if (rv == APR_SUCCESS && forget)
        rv = ccgw_local_dir_sync(store);
    if (rv == APR_SUCCESS)
        rv = ccgw_local_dir_each(store, "journal-", drop_journal, &r, pool);
    seg->spares = (apr_uint32_t)r.spares;
    pthread_mutex_unlock(&seg->space_lock);
    apr_pool_destroy(pool);
    return rv == APR_SUCCESS ? r.rv : rv;
}

void ccgw_local_space_tell_damaged(const ccgw_store_t *store)
{
    apr_finfo_t info;
    apr_pool_t *pool;
    apr_dir_t *dir;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return;
    if (apr_dir_open(&dir, store->dir, pool) == APR_SUCCESS) {
        while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
            apr_size_t n = strlen(info.name);

            if (n > 8 && !strcmp(info.name + n - 8, ".damaged"))
                ccgw_log(
                    CCGW_LOG_WARNING, 0,
                    "CCGW0122: %s/%s is left from an accepted loss and may hold what was erased; remove it when it "
                    "is of no more use",
                    store->dir, info.name);
        }
    }
    apr_pool_destroy(pool);
}

/* ---- what a start does not want ---- */

/* Is it a file that its maker did not live to finish? */
static int is_half_made(const char *name)
{
    apr_size_t n = strlen(name);

    if (strncmp(name, "journal-", 8) && strcmp(name, "snapshot.new"))
        return 0;
    return n > 4 && !strcmp(name + n - 4, ".new");
}

apr_status_t ccgw_local_space_tidy(const ccgw_store_t *store, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_dir_t *dir = NULL;
    apr_status_t rv = apr_dir_open(&dir, store->dir, pool);

    while (rv == APR_SUCCESS && apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (is_half_made(info.name) && unlink(apr_pstrcat(pool, store->dir, "/", info.name, NULL)))
            rv = errno;
    }
    if (dir)
        apr_dir_close(dir);
    return rv;
}

typedef struct aside_t {
    const ccgw_store_t *store;
    apr_uint64_t position;
    apr_pool_t *pool;
    apr_status_t rv;
} aside_t;

static int set_aside(void *baton, const char *name, apr_uint64_t position)
{
    aside_t *aside = baton;
    const char *path = apr_pstrcat(aside->pool, aside->store->dir, "/", name, NULL);

    if (position >= aside->position && rename(path, apr_pstrcat(aside->pool, path, ".damaged", NULL)))
        aside->rv = errno;
    return 1;
}

apr_status_t ccgw_local_space_set_aside(const ccgw_store_t *store, apr_uint64_t position, apr_pool_t *pool)
{
    aside_t aside = { store, position, pool, APR_SUCCESS };
    apr_status_t rv = ccgw_local_dir_each(store, "journal-", set_aside, &aside, pool);

    return rv == APR_SUCCESS ? aside.rv : rv;
}
