/* Reads scripts: the form is described in rust/spec/src/compact.rs. */
#include "script.h"

#include <string.h>

struct bytes spectest;
uint32_t heap_limit;
struct script script;

uint8_t read_byte(void)
{
    if (script.at == script.end) {
        script.broken = true;
        return 0;
    }
    return *script.at++;
}

uint32_t read_number(void)
{
    uint32_t number = 0;
    for (unsigned shift = 0; shift < 32; shift += 7) {
        const uint8_t byte = read_byte();
        number |= (uint32_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return number;
}

struct bytes read_bytes(void)
{
    struct bytes bytes = {.length = read_number()};
    bytes.start = script.at;
    if (bytes.length > (size_t)(script.end - script.at)) {
        script.broken = true;
        bytes.length = 0;
    }
    script.at += bytes.length;
    return bytes;
}

struct text read_text(void)
{
    const struct bytes bytes = read_bytes();
    return (struct text){(const char *)bytes.start, bytes.length};
}

size_t read_slot(void)
{
    const uint32_t slot = read_number();
    if (slot >= MAX_SLOTS) {
        player_print("%.*s: more than %d instances at a time\n", (int)script.name.length, script.name.start, MAX_SLOTS);
        script.broken = true;
        return 0;
    }
    return slot;
}

uint64_t read_bits(wasmote_type_t type)
{
    uint64_t bits = 0;
    const unsigned size = type == WASMOTE_I64 || type == WASMOTE_F64 ? 64 : 32;
    for (unsigned shift = 0; shift < size; shift += 8) {
        bits |= (uint64_t)read_byte() << shift;
    }
    return bits;
}

wasmote_value_t read_value(void)
{
    wasmote_value_t value = {.type = read_byte()};
    const uint64_t bits = read_bits(value.type);
    if (value.type == WASMOTE_I64 || value.type == WASMOTE_F64) {
        memcpy(&value.of, &bits, sizeof(bits));
    } else {
        const uint32_t low = (uint32_t)bits;
        memcpy(&value.of, &low, sizeof(low));
    }
    return value;
}

void read_action(struct action *action)
{
    action->kind = (enum action_kind)read_byte();
    action->arg_count = 0;
    if (action->kind == INSTANTIATE) {
        action->module = read_bytes();
        return;
    }
    action->slot = read_slot();
    action->name = read_text();
    if (action->kind == INVOKE) {
        action->arg_count = read_number();
        if (action->arg_count > MAX_VALUES) {
            script.broken = true;
        }
        for (size_t i = 0; i < action->arg_count && !script.broken; i++) {
            action->args[i] = read_value();
        }
    }
}

bool same_text(struct text left, const char *right, size_t length)
{
    return left.length == length && memcmp(left.start, right, length) == 0;
}
