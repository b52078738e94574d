/*
 * Answers RandomX's calls of monerod without computing the hash, where any hash is proof enough: at difficulty 1.
 *
 * Preloaded into monerod (LD_PRELOAD), whose RandomX comes from a shared library in the distributions' builds; in others
 * RandomX is part of the program, and nothing here is ever called. The "hash" is a function of the input alone, so every
 * node has the same for the same block. Block ids, seed hashes and fork rules do not use it. What is saved is the cache
 * of 256 MiB of each node, and most of its CPU time; simulated time is not touched, since under Shadow computing takes
 * none.
 *
 * All functions that monerod imports are here (src/crypto/rx-slow-hash.c): one that was missing would work on what the
 * others have not allocated. The types are those of RandomX 1 (src/randomx.h in its repository).
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define API __attribute__((visibility("default")))

enum { HASH_BYTES = 32, LANES = 4 };

static char cache, dataset, vm;

API int randomx_get_flags(void) {
    return 0;
}

API void *randomx_alloc_cache(int flags) {
    (void)flags;
    return &cache;
}

API void randomx_init_cache(void *which, const void *key, size_t bytes) {
    (void)which;
    (void)key;
    (void)bytes;
}

API void randomx_release_cache(void *which) {
    (void)which;
}

API void *randomx_alloc_dataset(int flags) {
    (void)flags;
    return &dataset;
}

API unsigned long randomx_dataset_item_count(void) {
    return 1;
}

API void randomx_init_dataset(void *which, void *of, unsigned long start, unsigned long count) {
    (void)which;
    (void)of;
    (void)start;
    (void)count;
}

API void randomx_release_dataset(void *which) {
    (void)which;
}

API void *randomx_create_vm(int flags, void *with_cache, void *with_dataset) {
    (void)flags;
    (void)with_cache;
    (void)with_dataset;
    return &vm;
}

API void randomx_vm_set_cache(void *which, void *to) {
    (void)which;
    (void)to;
}

API void randomx_vm_set_dataset(void *which, void *to) {
    (void)which;
    (void)to;
}

API void randomx_destroy_vm(void *which) {
    (void)which;
}

/* FNV-1a (RFC 9923) over the input, once for each eight bytes of the result, each with another beginning. */
API void randomx_calculate_hash(void *which, const void *input, size_t bytes, void *output) {
    (void)which;
    uint64_t lanes[LANES];
    for (uint64_t lane = 0; lane < LANES; lane++) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ lane;
        for (size_t i = 0; i < bytes; i++) {
            hash = (hash ^ ((const unsigned char *)input)[i]) * UINT64_C(0x100000001b3);
        }
        lanes[lane] = hash;
    }
    memcpy(output, lanes, HASH_BYTES);
}
