/* Plays the suite, script by script. */
#include "script.h"

#include <string.h>

#include "wasmote/platform.h"

/* ---- scripts ---- */

/* Makes what every script finds there. `*heap` is what that holds. */
static bool prepare(size_t *heap)
{
    wasmote_stats_t stats;
    const wasmote_runtime_config_t config = {.heap_limit = heap_limit};
    if (wasmote_runtime_new(&config, &script.runtime) != WASMOTE_OK ||
        wasmote_module_load(script.runtime, spectest.start, spectest.length, &script.spectest, NULL) != WASMOTE_OK ||
        wasmote_runtime_stats(script.runtime, &stats) != WASMOTE_OK) {
        return false;
    }
    script.registered[0].module = "spectest";
    script.registered_count = 1;
    *heap = stats.heap_used;
    return true;
}

/* Deletes all that the script has made. True if nothing is left of it. */
static bool clear(size_t heap, size_t *peak)
{
    for (size_t i = 0; i < MAX_SLOTS; i++) {
        forget_instance(&script.instances[i]);
        forget_module(script.definitions[i]);
    }
    bool clean = !script.broken;
    if (script.registered[0].instance != NULL) {
        clean &= wasmote_instance_delete(script.registered[0].instance) == WASMOTE_OK;
    }
    for (size_t i = 1; i < script.registered_count; i++) {
        const char *name = script.registered[i].module;
        wasmote_platform_free((void *)(uintptr_t)name, strlen(name) + 1, 1);
    }
    for (size_t i = 0; i < script.kept_count; i++) {
        clean &= wasmote_module_delete(script.kept[i]) == WASMOTE_OK;
    }
    wasmote_stats_t stats = {0};
    clean &= wasmote_runtime_stats(script.runtime, &stats) == WASMOTE_OK && stats.heap_used == heap;
    *peak = stats.heap_peak;
    clean &= wasmote_module_delete(script.spectest) == WASMOTE_OK;
    return clean & (wasmote_runtime_delete(script.runtime) == WASMOTE_OK);
}

/* True if the script went as it should. */
static bool play_script(const uint8_t *body, size_t size, uint32_t *directives)
{
    memset(&script, 0, sizeof(script));
    script.at = body;
    script.end = body + size;
    script.name = read_text();
    const int length = (int)script.name.length;
    const char *name = script.name.start;
    size_t heap, peak;
    if (!prepare(&heap)) {
        player_print("%.*s: no spectest\n", length, name);
        return false;
    }

    const uint32_t count = read_number();
    script.refused_count = read_number();
    if (script.refused_count > MAX_FEATURES) {
        script.broken = true;
        script.refused_count = 0;
    }
    for (size_t i = 0; i < script.refused_count; i++) {
        script.refused[i] = read_text();
    }
    unsigned wanted[VERDICTS] = {0};
    for (size_t i = PASSED; i <= DEVIATION; i++) {
        wanted[i] = read_number();
    }
    uint32_t played = 0;
    for (; played < count && !script.broken; played++) {
        play_next();
    }
    *directives += played;

    bool right = !script.broken && played == count && script.counts[FAILED] == 0;
    if (script.broken) {
        player_print("%.*s: cannot be read after directive %u\n", length, name, (unsigned)played);
    }
    for (size_t i = 0; i < script.refused_count; i++) {
        if (!script.seen[i]) {
            player_print("%.*s: no module was refused for %.*s, but that is listed\n", length, name,
                         (int)script.refused[i].length, script.refused[i].start);
            right = false;
        }
    }
    if (memcmp(wanted, script.counts, sizeof(wanted)) != 0) {
        player_print("%.*s: the host counts %u %u %u %u\n", length, name, wanted[PASSED], wanted[REFUSED],
                     wanted[TEXT_ONLY], wanted[DEVIATION]);
        right = false;
    }
    if (!clear(heap, &peak)) {
        player_print("%.*s: something is left on the heap\n", length, name);
        right = false;
    }
    player_print("%s %.*s: %u passed, %u refused, %u text only, %u deviations; heap %u KB\n", right ? "ok" : "FAILED",
                 length, name, script.counts[PASSED], script.counts[REFUSED], script.counts[TEXT_ONLY],
                 script.counts[DEVIATION], (unsigned)(peak / 1024));
    return right;
}

/* ---- the suite ---- */

static bool read_u32(uint32_t *number)
{
    uint8_t bytes[4];
    if (player_read(bytes, sizeof(bytes)) != sizeof(bytes)) {
        return false;
    }
    *number = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return true;
}

/* Bytes that stay until the end. */
static uint8_t *read_block(size_t size)
{
    uint8_t *block = wasmote_platform_alloc(size, 4);
    return block != NULL && player_read(block, size) == size ? block : NULL;
}

/* Everything between the suite's beginning and its end. NULL, or why it cannot be played. */
static const char *play_suite(unsigned totals[VERDICTS], uint32_t *failed)
{
    static const char magic[15] = "wasmote spec 1\n";
    char start[sizeof(magic)];
    uint32_t largest, size, files, directives, files_played = 0, played = 0;
    if (player_read(start, sizeof(start)) != sizeof(start) || memcmp(start, magic, sizeof(start)) != 0) {
        return "there is no suite";
    }
    if (!read_u32(&heap_limit) || !read_u32(&largest) || !read_u32(&size)) {
        return "the suite ends early";
    }
    spectest = (struct bytes){read_block(size), size};
    uint8_t *body = wasmote_platform_alloc(largest, 4);
    if (spectest.start == NULL || body == NULL) {
        return "there is not enough memory for the largest script";
    }
    for (;;) {
        if (!read_u32(&size) || size > largest || player_read(body, size) != size) {
            return "the suite ends early";
        }
        if (size == 0) {
            break;
        }
        *failed += !play_script(body, size, &played);
        files_played++;
        for (size_t i = 0; i < VERDICTS; i++) {
            totals[i] += script.counts[i];
        }
    }
    if (!read_u32(&files) || !read_u32(&directives) || files != files_played || directives != played || files == 0) {
        return "not everything was played";
    }
    return NULL;
}

bool player_run(void)
{
    unsigned totals[VERDICTS] = {0};
    uint32_t failed = 0;
    const char *error = play_suite(totals, &failed);
    if (error != NULL) {
        player_print("FAILED: %s\n", error);
    }
    player_print("spec: %u passed, %u refused, %u text only, %u deviations, %u failed; %u files failed\n",
                 totals[PASSED], totals[REFUSED], totals[TEXT_ONLY], totals[DEVIATION], totals[FAILED],
                 (unsigned)failed);
    return error == NULL && failed == 0;
}
