set(FREERTOS_PORT GCC_RISC_V_GENERIC)
set(FREERTOS_RISCV_EXTENSION RISCV_MTIME_CLINT_no_extensions)
set(BOARD_SOURCES common/riscv_virt_start.S common/riscv_virt.c)
set(BOARD_LINKER_SCRIPT common/riscv_virt.ld)
set(BOARD_LIBGCC_FLAGS -march=rv64imac -mabi=lp64 -mcmodel=medany) # as for RV32: GCC 12 overlooks its library when told of _zicsr_zifencei
