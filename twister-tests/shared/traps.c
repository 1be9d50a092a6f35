/* Every trap: its code, its place, and that the instance can still be used. */
#include "wasmote_test.h"

GUEST(trap);

TEST_SUITE(traps);

static struct guest guest;

static void expect(wasmote_status_t expected, wasmote_status_t actual)
{
    CHECK_STATUS(actual, expected);
    CHECK_EQ(guest.error.status, expected);
    if (TEST_OPTION(CONFIG_WASMOTE_BACKTRACE)) {
        CHECK(guest.error.offset > 8 && guest.error.offset < trap_wasm_size);
    } else {
        CHECK_EQ(guest.error.offset, UINT32_MAX);
    }
    CHECK(memchr(guest.error.message, '\0', sizeof guest.error.message) != NULL);
    guest.error = (wasmote_error_t){.status = WASMOTE_OK};

    wasmote_value_t result;
    CHECK_OK(guest_call(&guest, "divide", &result, I32(-7), I32(2)));
    CHECK_EQ(result.of.i32, -3);
}

TEST(traps, unreachable)
{
    guest_open(&guest, trap, NULL, NULL);
    expect(WASMOTE_TRAP_UNREACHABLE, guest_call(&guest, "unreachable", NULL));
    guest_close(&guest);
}

TEST(traps, memory_out_of_bounds)
{
    wasmote_value_t result;
    guest_open(&guest, trap, NULL, NULL);
    CHECK_OK(guest_call(&guest, "memory_load", &result, I32(65532)));
    expect(WASMOTE_TRAP_MEMORY_OUT_OF_BOUNDS, guest_call(&guest, "memory_load", &result, I32(65533)));
    expect(WASMOTE_TRAP_MEMORY_OUT_OF_BOUNDS, guest_call(&guest, "memory_load", &result, I32(-1)));
    CHECK_OK(guest_call(&guest, "memory_store", NULL, I32(65520)));
    expect(WASMOTE_TRAP_MEMORY_OUT_OF_BOUNDS, guest_call(&guest, "memory_store", NULL, I32(65521)));
    expect(WASMOTE_TRAP_MEMORY_OUT_OF_BOUNDS, guest_call(&guest, "memory_store", NULL, I32(-8)));
    CHECK_OK(guest_call(&guest, "memory_fill", NULL, I32(536)));
    expect(WASMOTE_TRAP_MEMORY_OUT_OF_BOUNDS, guest_call(&guest, "memory_fill", NULL, I32(537)));
    guest_close(&guest);
}

TEST(traps, table_out_of_bounds)
{
    wasmote_value_t result;
    guest_open(&guest, trap, NULL, NULL);
    CHECK_OK(guest_call(&guest, "table_get", &result, I32(3)));
    expect(WASMOTE_TRAP_TABLE_OUT_OF_BOUNDS, guest_call(&guest, "table_get", &result, I32(4)));
    expect(WASMOTE_TRAP_TABLE_OUT_OF_BOUNDS, guest_call(&guest, "call_indirect", &result, I32(4)));
    guest_close(&guest);
}

TEST(traps, calls_through_a_table)
{
    wasmote_value_t result;
    guest_open(&guest, trap, NULL, NULL);
    expect(WASMOTE_TRAP_BAD_SIGNATURE, guest_call(&guest, "call_indirect", &result, I32(0)));
    expect(WASMOTE_TRAP_INDIRECT_CALL_TO_NULL, guest_call(&guest, "call_indirect", &result, I32(1)));
    guest_close(&guest);
}

TEST(traps, arithmetic)
{
    wasmote_value_t result;
    guest_open(&guest, trap, NULL, NULL);
    expect(WASMOTE_TRAP_INTEGER_DIVISION_BY_ZERO, guest_call(&guest, "divide", &result, I32(1), I32(0)));
    expect(WASMOTE_TRAP_INTEGER_OVERFLOW, guest_call(&guest, "divide", &result, I32(INT32_MIN), I32(-1)));
    expect(WASMOTE_TRAP_INTEGER_DIVISION_BY_ZERO, guest_call(&guest, "remainder_i64", &result, I64(1), I64(0)));
    guest_close(&guest);
}

TEST(traps, conversions)
{
    wasmote_value_t result;
    guest_open(&guest, trap, NULL, NULL);
    CHECK_OK(guest_call(&guest, "truncate", &result, F32(-1.9f)));
    CHECK_EQ(result.of.i32, -1);
    expect(WASMOTE_TRAP_BAD_CONVERSION_TO_INTEGER, guest_call(&guest, "truncate", &result, F32(__builtin_nanf(""))));
    expect(WASMOTE_TRAP_INTEGER_OVERFLOW, guest_call(&guest, "truncate", &result, F32(2147483648.0f)));
    CHECK_OK(guest_call(&guest, "truncate_f64", &result, F64(-0.5)));
    CHECK_EQ(result.of.i64, 0);
    expect(WASMOTE_TRAP_INTEGER_OVERFLOW, guest_call(&guest, "truncate_f64", &result, F64(-1)));
    guest_close(&guest);
}

TEST(traps, stack_overflow)
{
    wasmote_value_t result;
    guest_open(&guest, trap, NULL, NULL);
    for (int i = 0; i < 3; i++) {
        expect(WASMOTE_TRAP_STACK_OVERFLOW, guest_call(&guest, "stack_overflow", &result, I64(0)));
    }
    guest_close(&guest);
}

/* Functions 1, 2 and 3 of trap.wat. */
TEST(traps, backtrace)
{
    static const char *const names[] = {"inner", "outer", "unreachable"};
    wasmote_frame_t frames[8];
    wasmote_value_t result;
    guest_open(&guest, trap, NULL, NULL);
    CHECK_STATUS(guest_call(&guest, "unreachable", NULL), WASMOTE_TRAP_UNREACHABLE);
    const uint32_t offset = guest.error.offset;
    const size_t count = wasmote_instance_backtrace(guest.instance, frames, 8);
    if (!TEST_OPTION(CONFIG_WASMOTE_BACKTRACE)) {
        CHECK_EQ(count, 0);
    } else {
        CHECK_EQ(count, 3);
        CHECK_EQ(frames[0].offset, offset);
        for (int i = 0; i < 3; i++) {
            CHECK_EQ(frames[i].func_index, i + 1);
            CHECK(frames[i].offset > 8 && frames[i].offset < trap_wasm_size);
            if (TEST_OPTION(CONFIG_WASMOTE_NAMES)) {
                CHECK_EQ(frames[i].name_length, strlen(names[i]));
                CHECK(memcmp(frames[i].name, names[i], frames[i].name_length) == 0);
            } else {
                CHECK_EQ(frames[i].name_length, 0);
            }
        }
        CHECK_EQ(wasmote_instance_backtrace(guest.instance, frames, 1), 1);
        CHECK_EQ(frames[0].func_index, 1);
    }
    CHECK_OK(guest_call(&guest, "divide", &result, I32(1), I32(1)));
    guest_close(&guest);
}

TEST(traps, a_message_says_what)
{
    guest_open(&guest, trap, NULL, NULL);
    CHECK_STATUS(guest_call(&guest, "unreachable", NULL), WASMOTE_TRAP_UNREACHABLE);
    CHECK((guest.error.message[0] != '\0') == TEST_OPTION(CONFIG_WASMOTE_MESSAGES));
    guest_close(&guest);
}

TEST(traps, every_status_has_its_text)
{
    for (int status = WASMOTE_OK; status <= WASMOTE_TRAP_NOT_COMPILED; status++) {
        const char *text = wasmote_status_str(status);
        CHECK(text != NULL);
        CHECK((text[0] != '\0') == TEST_OPTION(CONFIG_WASMOTE_MESSAGES));
    }
    if (TEST_OPTION(CONFIG_WASMOTE_MESSAGES)) {
        CHECK(strcmp(wasmote_status_str(WASMOTE_ERR_QUOTA), wasmote_status_str(WASMOTE_ERR_LIMIT)) != 0);
    }
}
