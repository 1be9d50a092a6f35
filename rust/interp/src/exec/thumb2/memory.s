// Loads and stores.

// The address in r0 plus the third byte in units of 2^shift; the sum does not wrap.
.macro add_units shift
        ldrb    r1, [r4, #3]
        adds    r0, r0, r1, lsl #\shift
        bhs     .Ltrap_memory
.endm

// The same with 32 bits.
.macro add_offset
        ldr     r1, [r4, #3]
        adds    r0, r0, r1
        bhs     .Ltrap_memory
.endm

// Carries out a load or store at the memory's address r0 if so many bytes are there. Near the end of the memory it is looked
// at exactly.
.macro checked bytes, insn, reg
        cmp     r0, r7
    .if \bytes == 4
        bhs     .Ltrap_memory
    .else
        bhs     8f
    .endif
7:      \insn   \reg, [r6, r0]
.endm
.macro near_end bytes
    .if \bytes != 4
8:      mov     r12, lr
        bl      .Lnear_end_\bytes
        b       7b
    .endif
.endm
.macro look bytes
.Lnear_end_\bytes:
        ldr     r2, [r8, #{memory_len}]
        subs    r2, #\bytes
        blo     .Lbeyond
        cmp     r0, r2
        bhi     .Lbeyond
        mov     r2, lr
        mov     lr, r12
        bx      r2
.endm
        look    1
        look    2
.Lbeyond:
        mov     lr, r12
        b       .Ltrap_memory

// The address of 8 bytes at r0 in the memory. Loads and stores of pairs go word by word, since they need not be aligned.
.macro place_of_pair
        adds    r1, r0, #4
        bhs     .Ltrap_memory
        cmp     r1, r7
        bhs     .Ltrap_memory
        add     r0, r6
.endm

.macro load name, insn, bytes, shift
.Lh_\name:
        second  r0
        add_units \shift
        checked \bytes, \insn, r0
        finish  4
        near_end \bytes
.endm

.macro load_w name, insn, bytes
.Lh_\name\()_w:
        second  r0
        add_offset
        checked \bytes, \insn, r0
        finish  7
        near_end \bytes
.endm

// The sum of the shifted cell, or two cells, and the word wraps.
.macro load_at name, insn, bytes
.Lh_\name\()_at:
        second  r0
        ldrb    r1, [r4, #3]
        ldr     r2, [r4, #4]
        lsls    r0, r0, r1
        adds    r0, r0, r2
        checked \bytes, \insn, r0
        finish  8
        near_end \bytes
.endm

.macro load_sum name, insn, bytes
.Lh_\name\()_sum:
        second  r0
        third   r1
        ldr     r2, [r4, #4]
        adds    r0, r0, r1
        adds    r0, r0, r2
        checked \bytes, \insn, r0
        finish  8
        near_end \bytes
.endm

.macro load_abs name, insn, bytes
.Lh_\name\()_abs:
        ldrh    r0, [r4, #2]
        checked \bytes, \insn, r0
        finish  4
        near_end \bytes
.endm

        load    i32_load, ldr, 4, 2
        load    i32_load8_s, ldrsb, 1, 0
        load    i32_load8_u, ldrb, 1, 0
        load    i32_load16_s, ldrsh, 2, 1
        load    i32_load16_u, ldrh, 2, 1
        load_w  i32_load, ldr, 4
        load_w  i32_load8_s, ldrsb, 1
        load_w  i32_load8_u, ldrb, 1
        load_w  i32_load16_s, ldrsh, 2
        load_w  i32_load16_u, ldrh, 2
        load_at i32_load, ldr, 4
        load_at i32_load8_u, ldrb, 1
        load_at i32_load16_s, ldrsh, 2
        load_at i32_load16_u, ldrh, 2
        load_sum i32_load, ldr, 4
        load_sum i32_load16_s, ldrsh, 2
        load_abs i32_load, ldr, 4
        load_abs i32_load8_u, ldrb, 1
        load_abs i32_load16_u, ldrh, 2

.macro load_pair bytes
        place_of_pair
        ldr     r1, [r0, #4]
        ldr     r0, [r0]
        finish_pair \bytes
.endm

.Lh_i64_load:
        second  r0
        add_units 0
        load_pair 4
.Lh_i64_load_w:
        second  r0
        add_offset
        load_pair 7

.macro store name, insn, bytes, shift
.Lh_\name:
        first   r0
        add_units \shift
        second  r1
        checked \bytes, \insn, r1
        next    4
        near_end \bytes
.endm

.macro store_w name, insn, bytes
.Lh_\name\()_w:
        first   r0
        add_offset
        second  r1
        checked \bytes, \insn, r1
        next    7
        near_end \bytes
.endm

.macro store_i name, insn, bytes, shift
.Lh_\name\()_i:
        first   r0
        add_units \shift
        ldrsb   r1, [r4, #2]
        checked \bytes, \insn, r1
        next    4
        near_end \bytes
.endm

.macro store_abs name, insn, bytes
.Lh_\name\()_abs:
        ldrh    r0, [r4, #2]
        first   r1
        checked \bytes, \insn, r1
        next    4
        near_end \bytes
.endm

        store   i32_store, str, 4, 2
        store   i32_store8, strb, 1, 0
        store   i32_store16, strh, 2, 1
        store_w i32_store, str, 4
        store_w i32_store8, strb, 1
        store_w i32_store16, strh, 2
        store_i i32_store, str, 4, 2
        store_i i32_store8, strb, 1, 0
        store_i i32_store16, strh, 2, 1
        store_abs i32_store, str, 4
        store_abs i32_store8, strb, 1
        store_abs i32_store16, strh, 2

.macro store_pair low, high, bytes
        str     \low, [r0]
        str     \high, [r0, #4]
        next    \bytes
.endm

.Lh_i64_store:
        first   r0
        add_units 0
        place_of_pair
        second_pair r1, r2
        store_pair r1, r2, 4
.Lh_i64_store_w:
        first   r0
        add_offset
        place_of_pair
        second_pair r1, r2
        store_pair r1, r2, 7
.Lh_i64_store_i:
        first   r0
        add_units 0
        place_of_pair
        ldrsb   r1, [r4, #2]
        asrs    r2, r1, #31
        store_pair r1, r2, 4
