/*
 * Refuses calls as Shadow 3.3 does, so that the compatibility library can be tested without it. Preloaded before that
 * library, as Shadow's own are. REFUSAL=none lets everything through, REFUSAL=NUMBER refuses with another error.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

static int asked;

static int refuse(int usual) {
    const char *refusal = getenv("REFUSAL");
    asked++;
    if (refusal && strcmp(refusal, "none") == 0) {
        return 0;
    }
    errno = refusal ? atoi(refusal) : usual;
    return -1;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
    int switched_off = level == IPPROTO_TCP && name == TCP_NODELAY && length >= sizeof(int) && *(const int *)value == 0;
    if ((switched_off || (level == IPPROTO_IP && name == IP_TOS) || (level == IPPROTO_TCP && name == TCP_CORK)) &&
        refuse(ENOPROTOOPT)) {
        return -1;
    }
    int (*next)(int, int, int, const void *, socklen_t) = dlsym(RTLD_NEXT, "setsockopt");
    return next(fd, level, name, value, length);
}

ssize_t send(int fd, const void *data, size_t length, int flags) {
    const char *refusal = getenv("REFUSAL");
    ssize_t (*next)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
    return next(fd, data, length > 65535 && !refusal ? 65535 : length, flags);
}

int msync(void *address, size_t length, int flags) {
    int (*next)(void *, size_t, int) = dlsym(RTLD_NEXT, "msync");
    return refuse(ENOSYS) ? -1 : next(address, length, flags);
}

int mlock(const void *address, size_t length) {
    int (*next)(const void *, size_t) = dlsym(RTLD_NEXT, "mlock");
    return refuse(ENOSYS) ? -1 : next(address, length);
}

int munlock(const void *address, size_t length) {
    int (*next)(const void *, size_t) = dlsym(RTLD_NEXT, "munlock");
    return refuse(ENOSYS) ? -1 : next(address, length);
}

__attribute__((destructor)) static void tell(void) { printf("asked %d\n", asked); }
