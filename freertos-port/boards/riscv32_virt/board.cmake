set(FREERTOS_PORT GCC_RISC_V_GENERIC)
set(FREERTOS_RISCV_EXTENSION RISCV_MTIME_CLINT_no_extensions)
set(BOARD_SOURCES riscv32_virt/start.S riscv32_virt/virt.c)
set(BOARD_LINKER_SCRIPT riscv32_virt/link.ld)
set(BOARD_LIBGCC_FLAGS -march=rv32imac -mabi=ilp32) # GCC 12 overlooks its library when told of _zicsr_zifencei
