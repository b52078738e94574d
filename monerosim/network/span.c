/* A span of public transactions on their way, all nodes at once: what queues.py does with arrays, message for message.
 *
 * A time is in microseconds. A code is a time, and below it in 16 bits the place, among the connections of the node that
 * something comes to, of the one it comes by.
 */

#include <stdint.h>
#include <stdlib.h>

#define PLACE_BITS 16
#define NO_PLACE ((1 << PLACE_BITS) - 1)
#define NEVER (INT64_C(1) << 62)
#define TABLE_BITS 16
#define STRETCH 32

enum distribution { FIXED, UNIFORM, EXPONENTIAL };

/* The arrays of Queues, Wires and Verification, as span.py lists them. */
struct span {
    int64_t nodes, flush_step;
    int64_t *coming, *public, *left;
    /* The earliest that is coming to each stretch of a row's nodes; 0 where it has to be looked for. */
    int64_t *soonest;
    const uint64_t *items;
    const int64_t *bits, *slower;
    const int64_t *first, *degree, *target, *back, *latency, *bandwidth;
    const uint8_t *is_open;
    const uint64_t *links;
    int64_t *flush_at, *flush_before;
    const int64_t *flush_offset;
    const uint8_t *flush;
    const uint64_t *node_keys;
    int64_t distribution, mean, least;
    uint64_t purpose;
    const int64_t *exponential;
    /* What left over the connections in the last span, in the order of time: four columns of `room`, of which `count`
     * are used. Kept if `recording` is not 0. */
    int64_t recording, count, room;
    int64_t *messages;
};

struct arrival {
    int64_t code, place;
};

struct message {
    int64_t code, place, stretch;
};

/* counters.draw: Stafford's Mix13. */
static uint64_t draw(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static int in_order(const void *one, const void *other)
{
    const struct arrival *a = one, *b = other;
    if (a->code != b->code)
        return a->code < b->code ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

/* Verification.draw. */
static int64_t verify(const struct span *it, uint64_t item, int64_t node)
{
    if (it->distribution == FIXED)
        return it->mean;
    uint64_t drawn = draw(it->purpose + item + it->node_keys[node]);
    int64_t beyond = it->mean - it->least;
    if (it->distribution == UNIFORM)
        return it->least + ((int64_t)((drawn >> 32) * (uint64_t)(2 * beyond + 1) >> 32));
    return it->least + (it->exponential[drawn >> (64 - TABLE_BITS)] * beyond >> 20);
}

/* Return when a transaction leaves: with what waits on its connection, or at a time that it sets. */
static int64_t leave(const struct span *it, uint64_t item, int64_t link, int64_t at)
{
    if (it->flush_at[link] <= at) {
        uint64_t drawn = draw(item + it->links[link]) >> (64 - TABLE_BITS);
        int64_t wait = it->flush[(int64_t)drawn + it->flush_offset[link]] * it->flush_step;
        it->flush_before[link] = it->flush_at[link];
        it->flush_at[link] = at + (wait > 1 ? wait : 1);
    }
    return it->flush_at[link];
}

static int64_t transmission(const struct span *it, int64_t row, int64_t link)
{
    return (it->bits[row] + it->bandwidth[link] - 1) / it->bandwidth[link];
}

static int64_t stretches(const struct span *it)
{
    return (it->nodes + STRETCH - 1) / STRETCH;
}

/* Plan where the messages of one arrival come to, and add those that may be the first to come. */
static int64_t relay(struct span *it, const struct arrival *arrival, struct message *sent, int64_t shortest)
{
    int64_t row = arrival->place / it->nodes, node = arrival->place % it->nodes;
    int64_t at = arrival->code >> PLACE_BITS, came_by = arrival->code & NO_PLACE, count = 0;
    int64_t bandwidth = 0, sending = 0;
    for (int64_t place = 0; place < it->degree[node]; place++) {
        int64_t link = it->first[node] + place;
        if (place == came_by || !it->is_open[link])
            continue;
        int64_t left = leave(it, it->items[row], link, at), arrives = left + it->latency[link];
        if (it->recording) {
            int64_t *message = it->messages + it->count++;
            message[0] = row;
            message[it->room] = link;
            message[2 * it->room] = left;
            message[3 * it->room] = it->latency[link] + transmission(it, row, link);
        }
        int64_t target = it->target[link], to = row * it->nodes + target;
        /* A division is slow, and most have it by then in any case. */
        if (arrives + shortest >= it->public[to])
            continue;
        /* Most connections of a node are as wide as the one before. */
        if (it->bandwidth[link] != bandwidth) {
            bandwidth = it->bandwidth[link];
            sending = transmission(it, row, link);
        }
        arrives += sending;
        if (arrives + shortest >= it->public[to])
            continue;
        int64_t has = arrives + verify(it, it->items[row], target) + it->slower[row];
        sent[count].code = has << PLACE_BITS | it->back[link];
        sent[count].stretch = row * stretches(it) + target / STRETCH;
        sent[count++].place = to;
    }
    return count;
}

/* Give back what messages take. */
void forget(struct span *it)
{
    free(it->messages);
    it->messages = NULL;
    it->count = 0;
}

/* Return where a stretch of a row ends. */
static int64_t end_of(const struct span *it, int64_t row, int64_t begin)
{
    int64_t end = begin + STRETCH, last = (row + 1) * it->nodes;
    return end < last ? end : last;
}

/* Count what comes to a stretch before a time; return how many messages follow. */
static int64_t count(const struct span *it, int64_t row, int64_t begin, int64_t before, int64_t *arrivals)
{
    int64_t messages = 0, end = end_of(it, row, begin);
    for (int64_t place = begin; place < end; place++)
        if (it->coming[place] < before) {
            ++*arrivals;
            messages += it->degree[place - row * it->nodes];
        }
    return messages;
}

/* Take what comes to a stretch before a time; return what comes there next. */
static int64_t take(struct span *it, int64_t row, int64_t begin, int64_t before, struct arrival *came, int64_t *number)
{
    int64_t next = NEVER, end = end_of(it, row, begin);
    for (int64_t place = begin; place < end; place++)
        if (it->coming[place] < before) {
            came[*number].code = it->coming[place];
            came[(*number)++].place = place;
            it->coming[place] = NEVER;
            it->left[row]--;
        } else if (it->coming[place] < next) {
            next = it->coming[place];
        }
    return next;
}

/* Follow what comes before a time.
 *
 * Returns the code of the earliest arrival after it, or -1 if there is no memory, in which case nothing has changed.
 */
int64_t follow(struct span *it, int64_t rows, int64_t end)
{
    int64_t arrivals = 0, messages = 0, earliest = NEVER;
    int64_t before = end << PLACE_BITS;
    for (int64_t row = 0, stretch = 0; row < rows; row++)
        for (int64_t node = 0; node < it->nodes; node += STRETCH, stretch++)
            if (it->soonest[stretch] < before)
                messages += count(it, row, row * it->nodes + node, before, &arrivals);
    struct arrival *came = malloc((size_t)(arrivals + 1) * sizeof *came);
    struct message *sent = malloc((size_t)(messages + 1) * sizeof *sent);
    forget(it);
    it->room = messages + 1;
    if (it->recording)
        it->messages = malloc((size_t)it->room * 4 * sizeof *it->messages);
    if (!came || !sent || (it->recording && !it->messages)) {
        free(came);
        free(sent);
        return -1;
    }
    int64_t number = 0;
    for (int64_t row = 0, stretch = 0; row < rows; row++)
        for (int64_t node = 0; node < it->nodes; node += STRETCH, stretch++) {
            if (it->soonest[stretch] < before)
                it->soonest[stretch] = take(it, row, row * it->nodes + node, before, came, &number);
            if (it->soonest[stretch] < earliest)
                earliest = it->soonest[stretch];
        }
    qsort(came, (size_t)arrivals, sizeof *came, in_order);
    int64_t shortest = it->distribution == FIXED ? it->mean : it->least;
    messages = 0;
    for (number = 0; number < arrivals; number++)
        messages += relay(it, came + number, sent + messages, shortest);
    /* Whether one may be the first was asked of what was known before all of them. */
    for (number = 0; number < messages; number++) {
        int64_t place = sent[number].place, code = sent[number].code, *soonest = it->soonest + sent[number].stretch;
        if (code < earliest)
            earliest = code;
        if (code < *soonest)
            *soonest = code;
        if (code < it->coming[place])
            it->coming[place] = code;
        it->public[place] = it->coming[place] >> PLACE_BITS;
    }
    free(came);
    free(sent);
    return earliest;
}
