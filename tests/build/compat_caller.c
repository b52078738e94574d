/* Makes the calls that Shadow refuses, and their neighbours that it does not, and prints what comes back. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

static void tell(const char *what, int result) { printf("%s %d %d\n", what, result, result ? errno : 0); }

static int option(int fd, int level, int name) {
    int value = -1;
    socklen_t length = sizeof value;
    getsockopt(fd, level, name, &value, &length);
    return value;
}

int main(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1, off = 0, service = 8;
    tell("nodelay-on", setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    tell("nodelay-off", setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &off, sizeof off));
    tell("nodelay-short", setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &off, 1));
    tell("service", setsockopt(fd, IPPROTO_IP, IP_TOS, &service, sizeof service));
    tell("cork", setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on));
    tell("keepalive", setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
    tell("no-socket", setsockopt(-1, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
    printf("options %d %d\n", option(fd, IPPROTO_TCP, TCP_NODELAY), option(fd, IPPROTO_IP, IP_TOS));
    int ends[2];
    static char data[150000], back[sizeof data];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (char)(i / 7);
    }
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends);
    printf("sent %zd\n", send(ends[0], data, sizeof data, 0));
    size_t got = 0;
    for (ssize_t n; (n = recv(ends[1], back + got, sizeof back - got, 0)) > 0;) {
        got += (size_t)n;
    }
    printf("same %d %zu\n", memcmp(data, back, got) == 0, got);
    tell("send-short", (int)send(ends[0], data, 10, 0) - 10);
    tell("send-nowhere", (int)send(-1, data, 10, 0));
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3; i++) {
        tell("msync", msync(page, 4096, MS_SYNC));
        tell("mlock", mlock(page, 4096));
        tell("munlock", munlock(page, 4096));
    }
    tell("msync-odd", msync((char *)page + 1, 4096, MS_SYNC));
    int (*volatile called_through_a_pointer)(void *, size_t, int) = msync;
    tell("msync-pointer", called_through_a_pointer(page, 4096, MS_SYNC));
    return 0;
}
