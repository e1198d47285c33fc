/* A disk that can be watched and that can fail, between a process and one folder (LD_PRELOAD).
 *
 * DISK_ROOT   the folder; calls on files elsewhere pass through untouched.
 * DISK_LOG    where every change to the folder is noted, in order, so that a power cut can be played afterwards.
 *             A record: op (1 byte), length of the name (u16), name, offset (u64), length of the data (u32), data.
 *             ops: c create, w write, t truncate (offset is the length), s sync a file, d sync a folder,
 *             r rename (data is the new name), u unlink.
 * A write of "<n> <mode>" to the file ARM in the folder makes the n-th change from then on fail:
 *             l  the call fails and did nothing      (EIO)
 *             p  the call fails and was performed    (EIO)
 *             f  it and all later writes that make a file longer fail: the disk is full (ENOSPC)
 * "0 -" disarms.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char root[PATH_MAX];
static size_t root_length;
static int log_fd = -1;
static long armed;
static char mode;

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("DISK_ROOT"), *log = getenv("DISK_LOG");
    if (folder != NULL && realpath(folder, root) != NULL) root_length = strlen(root);
    if (log != NULL) log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The name of a path inside the folder ("" for the folder itself), or NULL. */
static const char *inside(const char *path) {
    if (root_length == 0 || strncmp(path, root, root_length) != 0) return NULL;
    if (path[root_length] == '\0') return "";
    return path[root_length] == '/' ? path + root_length + 1 : NULL;
}

static const char *name_of(int fd, char *buffer) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, buffer, PATH_MAX - 1);
    if (length < 0) return NULL;
    buffer[length] = '\0';
    return inside(buffer);
}

static void note(char op, const char *name, uint64_t offset, const void *data, uint32_t length) {
    if (log_fd < 0) return;
    uint16_t name_length = (uint16_t)strlen(name);
    size_t total = 1 + 2 + name_length + 8 + 4 + length;
    char *record = malloc(total), *at = record;
    *at++ = op;
    memcpy(at, &name_length, 2), at += 2;
    memcpy(at, name, name_length), at += name_length;
    memcpy(at, &offset, 8), at += 8;
    memcpy(at, &length, 4), at += 4;
    if (length) memcpy(at, data, length);
    if (syscall(SYS_write, log_fd, record, total) != (long)total) abort();
    free(record);
}

/* Whether the call fails now: 0 no, 'l' without being performed, 'p' after it was. */
static char fails(int grows) {
    if (mode == 'f') {
        if (armed > 1) armed--;
        return armed == 1 && grows ? 'f' : 0;
    }
    if (armed == 0 || --armed > 0) return 0;
    return mode;
}

static int arm(const char *name, const void *data, size_t length) {
    char text[32] = {0};
    if (strcmp(name, "ARM") != 0) return 0;
    memcpy(text, data, length < sizeof text ? length : sizeof text - 1);
    mode = 0;
    armed = 0;
    sscanf(text, "%ld %c", &armed, &mode);
    return 1;
}

static ssize_t written(int fd, const void *data, size_t length, off64_t offset, int positioned) {
    char buffer[PATH_MAX];
    const char *name = name_of(fd, buffer);
    long call = positioned ? SYS_pwrite64 : SYS_write;
    if (name == NULL || arm(name, data, length)) return syscall(call, fd, data, length, offset);
    struct stat64 now;
    fstat64(fd, &now);
    if (!positioned) offset = fcntl(fd, F_GETFL) & O_APPEND ? now.st_size : lseek64(fd, 0, SEEK_CUR);
    char how = fails(offset + (off64_t)length > now.st_size);
    if (how == 'l') return errno = EIO, -1;
    if (how == 'f') return errno = ENOSPC, -1;
    ssize_t done = positioned ? syscall(call, fd, data, length, offset) : syscall(call, fd, data, length);
    if (done > 0) note('w', name, (uint64_t)offset, data, (uint32_t)done);
    if (how == 'p') return errno = EIO, -1;
    return done;
}

ssize_t write(int fd, const void *data, size_t length) { return written(fd, data, length, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return written(fd, data, length, at, 1); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) { return written(fd, data, length, at, 1); }

static int truncated(int fd, off64_t length) {
    char buffer[PATH_MAX];
    const char *name = name_of(fd, buffer);
    char how = name ? fails(0) : 0;
    if (how == 'l') return errno = EIO, -1;
    int done = (int)syscall(SYS_ftruncate, fd, length);
    if (name && done == 0) note('t', name, (uint64_t)length, NULL, 0);
    if (how == 'p') return errno = EIO, -1;
    return done;
}

int ftruncate(int fd, off_t length) { return truncated(fd, length); }
int ftruncate64(int fd, off64_t length) { return truncated(fd, length); }

static int synced(int fd, long call) {
    char buffer[PATH_MAX];
    const char *name = name_of(fd, buffer);
    char how = name ? fails(0) : 0;
    if (how == 'l') return errno = EIO, -1;
    int done = (int)syscall(call, fd);
    struct stat64 now;
    if (name && done == 0) note(fstat64(fd, &now) == 0 && S_ISDIR(now.st_mode) ? 'd' : 's', name, 0, NULL, 0);
    if (how == 'p') return errno = EIO, -1;
    return done;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static int opened(const char *path, int flags, mode_t permissions) {
    const char *name = inside(path);
    int new = name && (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, permissions);
    if (fd >= 0 && new) note('c', name, 0, NULL, 0);
    if (fd >= 0 && name && (flags & O_TRUNC)) note('t', name, 0, NULL, 0);
    return fd;
}

#define OPEN(function)                                                                                                 \
    int function(const char *path, int flags, ...) {                                                                   \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t permissions = flags & O_CREAT ? va_arg(more, mode_t) : 0;                                               \
        va_end(more);                                                                                                  \
        return opened(path, flags, permissions);                                                                       \
    }
OPEN(open)
OPEN(open64)

int rename(const char *from, const char *to) {
    const char *name = inside(from), *new_name = inside(to);
    int done = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
    if (done == 0 && name && new_name) note('r', name, 0, new_name, (uint32_t)strlen(new_name));
    return done;
}

int unlink(const char *path) {
    const char *name = inside(path);
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (done == 0 && name) note('u', name, 0, NULL, 0);
    return done;
}
