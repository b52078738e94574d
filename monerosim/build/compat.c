/*
 * Mends the few libc calls of Monero's programs that Shadow (3.3) refuses or carries out by halves, and no others.
 *
 * Preloaded into monerod and monero-wallet-rpc (LD_PRELOAD). Shadow's own preloaded libraries come first, so a function
 * of the same name here would never be reached. Instead, the constructor looks through the relocation tables of the
 * loaded objects and points their references to the wrapped calls at the wrappers below. Every wrapper asks the
 * function that the reference would have been bound to (Shadow's, or libc's outside Shadow) and changes an answer only
 * if it is the one that Shadow gives. Objects that are loaded later (dlopen) keep their own references.
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static int (*next_setsockopt)(int, int, int, const void *, socklen_t);
static ssize_t (*next_send)(int, const void *, size_t, int);
static int (*next_msync)(void *, size_t, int);
static int (*next_mlock)(const void *, size_t);
static int (*next_munlock)(const void *, size_t);

/*
 * Every connection of monerod, incoming or outgoing, has its type of service set and TCP_NODELAY turned off, and is
 * dropped when either fails (contrib/epee/include/net/abstract_tcp_server2.inl). Shadow has neither a type of service
 * nor Nagle's algorithm, and refuses both with ENOPROTOOPT (src/main/host/descriptor/socket/inet/legacy_tcp.rs). So the
 * programs go on, with small packets that are never held back.
 */
static int wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
    int result = next_setsockopt(fd, level, name, value, length);
    if (result == 0 || errno != ENOPROTOOPT) {
        return result;
    }
    if (level == IPPROTO_IP && name == IP_TOS) {
        return 0;
    }
    if (level == IPPROTO_TCP && name == TCP_NODELAY && length >= sizeof(int) && *(const int *)value == 0) {
        return 0;
    }
    return result;
}

/*
 * Shadow takes at most 65535 bytes at once, whatever room there is (tcp_sendUserData, src/main/host/descriptor/tcp.c);
 * Linux takes all that there is room for. Boost.Asio, which Monero's programs stand on, takes a short count for a full
 * buffer and waits until there is room again, which no change ever tells, since there was room all the time. So an
 * answer of more than 128 KiB stopped in the middle until its connection timed out. Here the rest is offered at once.
 */
static const ssize_t taken_at_once = 65535;

static ssize_t wrap_send(int fd, const void *data, size_t length, int flags) {
    size_t sent = 0;
    ssize_t result;
    do {
        result = next_send(fd, (const char *)data + sent, length - sent, flags);
        if (result < 0) {
            return sent > 0 ? (ssize_t)sent : result;
        }
        sent += (size_t)result;
    } while (result == taken_at_once && sent < length);
    return (ssize_t)sent;
}

/*
 * Shadow implements none of the calls below: each fails with ENOSYS, whatever it is given
 * (src/main/host/syscall/handler/mod.rs). A kernel that has said so once is not asked again.
 */
static int answer_unless_implemented(int result, atomic_bool *missing) {
    if (result != 0 && errno == ENOSYS) {
        *missing = true;
        return 0;
    }
    return result;
}

/*
 * LMDB syncs its map when monerod asks it to (with --db-sync-mode=fastest), and monerod stops when that fails
 * (src/blockchain_db/lmdb/db_lmdb.cpp). Pages of a shared file mapping reach the file without it; what is lost is
 * safety against a crash of the machine, which a simulation does not need.
 */
static int wrap_msync(void *address, size_t length, int flags) {
    static atomic_bool missing;
    return missing ? 0 : answer_unless_implemented(next_msync(address, length, flags), &missing);
}

/*
 * Keep keys out of swap; the keys here are worth nothing. Refused, they do no harm but the error in the log of every
 * program. Both are answered or neither: whoever was told that locking works logs an error each time that unlocking
 * does not, ten thousand of them in half an hour of a wallet (contrib/epee/src/mlocker.cpp).
 */
static int wrap_mlock(const void *address, size_t length) {
    static atomic_bool missing;
    return missing ? 0 : answer_unless_implemented(next_mlock(address, length), &missing);
}

static int wrap_munlock(const void *address, size_t length) {
    static atomic_bool missing;
    return missing ? 0 : answer_unless_implemented(next_munlock(address, length), &missing);
}

static const struct {
    const char *name;
    void *wrapper;
    void **next;
} wraps[] = {
    {"setsockopt", (void *)wrap_setsockopt, (void **)&next_setsockopt},
    {"send", (void *)wrap_send, (void **)&next_send},
    {"msync", (void *)wrap_msync, (void **)&next_msync},
    {"mlock", (void *)wrap_mlock, (void **)&next_mlock},
    {"munlock", (void *)wrap_munlock, (void **)&next_munlock},
};

#if defined(__x86_64__)
#define IS_REFERENCE(type) ((type) == R_X86_64_JUMP_SLOT || (type) == R_X86_64_GLOB_DAT)
#elif defined(__aarch64__)
#define IS_REFERENCE(type) ((type) == R_AARCH64_JUMP_SLOT || (type) == R_AARCH64_GLOB_DAT)
#else
#error "the relocation types of this processor are not known here"
#endif

static void redirect(void **slot, void *wrapper) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    void *start = (void *)((uintptr_t)slot & ~(page - 1));
    /* The table may have been made read-only after relocation. It stays writable: lazily bound neighbours need that. */
    if (mprotect(start, page, PROT_READ | PROT_WRITE) == 0) {
        *slot = wrapper;
    }
}

static void redirect_all(ElfW(Addr) base, const ElfW(Rela) * table, size_t bytes, const ElfW(Sym) * symbols,
                         const char *strings) {
    for (size_t i = 0; i < bytes / sizeof *table; i++) {
        if (!IS_REFERENCE(ELF64_R_TYPE(table[i].r_info))) {
            continue;
        }
        const char *name = strings + symbols[ELF64_R_SYM(table[i].r_info)].st_name;
        for (size_t w = 0; w < sizeof wraps / sizeof *wraps; w++) {
            if (strcmp(name, wraps[w].name) == 0) {
                redirect((void **)(base + table[i].r_offset), wraps[w].wrapper);
            }
        }
    }
}

static int visit(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size;
    (void)unused;
    /* Shadow's own libraries must reach the real thing, and the loader and the kernel's page are nobody's callers. */
    const char *slash = strrchr(info->dlpi_name, '/');
    const char *file = slash ? slash + 1 : info->dlpi_name;
    if (strstr(file, "libshadow") == file || strstr(file, "ld-linux") == file || strstr(file, "linux-vdso") == file) {
        return 0;
    }
    const ElfW(Rela) *calls = NULL, *data = NULL;
    const ElfW(Sym) *symbols = NULL;
    const char *strings = NULL;
    size_t calls_bytes = 0, data_bytes = 0;
    for (int p = 0; p < info->dlpi_phnum; p++) {
        if (info->dlpi_phdr[p].p_type != PT_DYNAMIC) {
            continue;
        }
        for (const ElfW(Dyn) *d = (const void *)(info->dlpi_addr + info->dlpi_phdr[p].p_vaddr); d->d_tag; d++) {
            switch (d->d_tag) {
            case DT_JMPREL: calls = (const void *)d->d_un.d_ptr; break;
            case DT_PLTRELSZ: calls_bytes = d->d_un.d_val; break;
            case DT_RELA: data = (const void *)d->d_un.d_ptr; break;
            case DT_RELASZ: data_bytes = d->d_un.d_val; break;
            case DT_SYMTAB: symbols = (const void *)d->d_un.d_ptr; break;
            case DT_STRTAB: strings = (const void *)d->d_un.d_ptr; break;
            default: break;
            }
        }
    }
    if (symbols && strings) {
        redirect_all(info->dlpi_addr, calls, calls ? calls_bytes : 0, symbols, strings);
        redirect_all(info->dlpi_addr, data, data ? data_bytes : 0, symbols, strings);
    }
    return 0;
}

/*
 * A program at fixed addresses that uses a function's address has a stand-in for the function, which is found first and
 * would lead back to the wrapper. Then it is libc's function, whose system call Shadow sees just as well.
 */
static void *find_next(const char *name) {
    void *found = dlsym(RTLD_DEFAULT, name);
    Dl_info owner, program;
    if (found && dladdr(found, &owner) && dladdr((void *)getauxval(AT_ENTRY), &program) &&
        owner.dli_fbase == program.dli_fbase) {
        return dlsym(RTLD_NEXT, name);
    }
    return found;
}

__attribute__((constructor)) static void monerosim_compat(void) {
    for (size_t w = 0; w < sizeof wraps / sizeof *wraps; w++) {
        *wraps[w].next = find_next(wraps[w].name);
        if (!*wraps[w].next) {
            return;
        }
    }
    dl_iterate_phdr(visit, NULL);
}
