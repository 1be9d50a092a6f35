// Branches, fuel, polls, calls and returns.

// Takes the fuel that is so many bytes on, and goes on behind.
.macro charge at
        ldrb    r0, [r4, #\at]!
        subs    lr, lr, r0
        blo     .Lborrow
        next    1
.endm

// On to the line that begins so many bytes on, with its fuel.
.macro line bytes
    .if {fuel_of_lines}
        charge  \bytes
    .else
        next    \bytes
    .endif
.endm

// Every branch that is taken polls: to find out whether it goes backwards would take as long. The offset is the first field.
.macro jump_by load
        \load   r0, [r4, #1]
        poll    r1
        add     r4, r0
        line    0
        interrupted
.endm

.Lh_jump_if:
        third   r0
        cbnz    r0, .Lh_jump
        line    4
.Lh_jump_unless:
        third   r0
        cbz     r0, .Lh_jump
        line    4
.Lh_jump:
        jump_by ldrsh
.Lh_jump_far:
        jump_by ldr

.Luntaken_5:
        line    5
.Luntaken_6:
        line    6

.macro jump_compare name, yes
.Lh_jump_i32_\name:
        third   r0
        fourth  r1
        cmp     r0, r1
        b\yes   .Lh_jump
        b       .Luntaken_5
.endm

// With a signed number of 16 bits.
.macro jump_compare_number name, yes
.Lh_jump_i32_\name:
        third   r0
        ldrsh   r1, [r4, #4]
        cmp     r0, r1
        b\yes   .Lh_jump
        b       .Luntaken_6
.endm

        jump_compare eq, eq
        jump_compare ne, ne
        jump_compare lt_s, lt
        jump_compare le_s, le
        jump_compare lt_u, lo
        jump_compare le_u, ls
        jump_compare_number eq_i, eq
        jump_compare_number ne_i, ne
        jump_compare_number lt_s_i, lt
        jump_compare_number ge_s_i, ge
        jump_compare_number lt_u_i, lo
        jump_compare_number ge_u_i, hs

.macro add_to_third
        ldrb    r3, [r4, #3]
        ldrsb   r2, [r4, #4]
        ldr     r1, [r5, r3, lsl #2]
        adds    r1, r1, r2
        str     r1, [r5, r3, lsl #2]
.endm

.Lh_jump_i32_add_if:
        add_to_third
        bne     .Lh_jump
        b       .Luntaken_5

.Lh_jump_i32_add_ne:
        add_to_third
        ldrb    r2, [r4, #5]
        ldr     r2, [r5, r2, lsl #2]
        cmp     r1, r2
        bne     .Lh_jump
        b       .Luntaken_6

.Lh_jump_table:
        first   r0
        ldrh    r1, [r4, #2]
        cmp     r0, r1
        it      hi
        movhi   r0, r1
        add     r4, r4, r0, lsl #1
        // As a branch's, the offset counts from the byte before it.
        ldrsh   r0, [r4, #4]!
        poll    r1
        add     r4, r0
        line    -1
        interrupted

.Lh_fuel:
        charge  1
// If the upper word is all ones, fuel never ends, and the lower one may be anything.
.Lborrow:
        ldr     r2, [r8, #{fuel} + 4]
        cbz     r2, 8f
        cmp     r2, #-1
        it      ne
        subne   r2, #1
        str     r2, [r8, #{fuel} + 4]
        next    1
8:      add     lr, lr, r0
        b       .Ltrap_fuel

.Lh_poll:
        poll    r0
        next    1
        interrupted

// Calls own function r0; the instruction has so many bytes.
.macro enter bytes
        ldr     r1, [r8, #{funcs}]
        add     r1, r1, r0, lsl #4
        enter_record \bytes
.endm

// Calls the function with the record at r1, with arguments from the first byte's cell upwards.
.macro enter_record bytes
        poll    r2
        ldrb    r0, [r4, #1]
        ldr     r12, [r11, #{control}]
        add     r4, #\bytes
        // There always is room for one record.
        stmdb   r12!, {{r4, r5, r8}}
        ldrd    r4, r2, [r1, #{record_code}]
        add     r5, r5, r0, lsl #2
        add     r2, r5, r2, lsl #2
        subs    r2, r12, r2
        ldr     r3, [r11, #{least_room}]
        cmp     r2, r3
        blt     6f
5:      str     r12, [r11, #{control}]
        go
        interrupted
        // Less than there has been: is there room for a trap's record? Perhaps it is no function of ours.
6:      cmp     r2, #12
        blt     7f
        str     r2, [r11, #{least_room}]
        b       5b
7:      ldm     r12, {{r4, r5}}
        subs    r4, #\bytes
        b       .Lleave
.endm

.Lh_call:
        ldrh    r0, [r4, #2]
        enter   4

// Functions of the host; those of other instances leave.
.Lh_call_import:
        poll    r2
        ldrh    r0, [r4, #2]
        ldr     r1, [r8, #{hosts}]
        ldrb    r2, [r4, #1]
        ldr     r1, [r1, r0, lsl #2]
        cbz     r1, 7f
        ldr     r12, [r1, #{record_entry}]
    .if {lazy}
        // Who gives up code finds here that this function's is in use.
        ldr     r0, [r11, #{control}]
        add     r3, r4, #1
        subs    r0, #12
        stm     r0, {{r3, r5, r8}}
        str     r0, [r11, #{control}]
    .endif
        str     lr, [r8, #{fuel}]
        add     r2, r5, r2, lsl #2
        mov     r3, r8
        blx     r12
        // It may have changed the memory and the fuel.
        memory_and_fuel
    .if {lazy}
        ldr     r1, [r11, #{control}]
        adds    r1, #12
        str     r1, [r11, #{control}]
    .endif
        cbnz    r0, 8f
        next    4
        no_memory
7:      b       .Lleave
8:      b       .Lend
        interrupted

// Own functions only; what is not one leaves.
.Lh_call_indirect:
        ldr     r0, [r8, #{tables}]
        ldrb    r1, [r4, #3]
        ldr     r0, [r0, r1, lsl #2]
        second  r1
        ldrd    r0, r2, [r0, #{table_elements}]
        cmp     r1, r2
        bhs     .Ltrap_table
        ldr     r0, [r0, r1, lsl #2]
        ldrd    r1, r2, [r8, #{number}]
        // Null is no instance's.
        adds    r1, #1
        cmp     r1, r0, lsr #{func_bits}
        bne     .Lleave
        sub     r0, r0, r1, lsl #{func_bits}
        subs    r0, r0, r2
        ldr     r1, [r8, #{funcs}]
        add     r1, r1, r0, lsl #4
        ldr     r2, [r1, #{record_ty}]
        ldrh    r3, [r4, #4]
        cmp     r2, r3
        bne     .Ltrap_signature
        enter_record 6

// Back to where the innermost record says.
.macro go_back
        ldr     r0, [r11, #{control}]
        ldm     r0!, {{r4, r5, r12}}
        str     r0, [r11, #{control}]
        cmp     r12, r8
        bne     .Lother_instance
        go
        interrupted
.endm

.Lh_return0:
        poll    r2
        go_back

.Lh_return1:
        poll    r2
        first   r0
        str     r0, [r5]
        go_back

.Lh_return2:
        poll    r2
        first_pair r0, r1
        strd    r0, r1, [r5]
        go_back

.Lother_instance:
        str     lr, [r8, #{fuel}]
        mov     r8, r12
        bl      .Linstance
        go
