# The options of wasmote, and how cargo builds its archive from them. Both build systems include this file:
# freertos-port/CMakeLists.txt, where options are CMake variables, and zephyr-module, where Kconfig makes the same names.
#
#   wasmote_default_options()                 gives every option that is not set its default (FreeRTOS; Kconfig has its own)
#   wasmote_check_options()                   refuses unknown names, bad values and contradictions
#   wasmote_option_definitions(<variable>)    the options as Kconfig would define them for C: NAME=1, or nothing, or NAME=5
#   wasmote_rust_target(<variable> <flags>..) the Rust target that the C compiler's flags mean, and the features of the FPU
#   wasmote_check_jit(<triple>)               refuses the compiler to native code on CPUs that it does not know
#   wasmote_build_staticlib(<target> RUST_TARGET <triple> [FPU <features>...])
#                                             an imported library that cargo builds from the options, and a second
#                                             one, <target>_builtins: what a firmware lacks that links no C library
#
# A yes-or-no option is on with y, ON, 1 or TRUE, and off with n, OFF, 0, FALSE or not set.

include_guard(GLOBAL)

# The list of all options: name after CONFIG_WASMOTE_, default, what becomes of it, and for some what it needs.
#
#   feature             a cargo feature of wasmote-capi: its name is the option's, in lower case with dashes
#   choice:group[:x]    exactly one of the group is y. x: `feature=name`, or `profile=name`, cargo's profile
#   number:least..most  an environment variable for cargo, WASMOTE_<name>; not looked at without what it needs
set(WASMOTE_OPTIONS
    "INTERP                 y       feature"
    "JIT                    n       feature"
    "JIT_LAZY               n       feature                 JIT"
    "JIT_CODE_SIZE          32768   number:1024..16777216   JIT"
    "INTERP_LAZY            n       feature                 INTERP"
    "INTERP_CODE_BUDGET     8192    number:0..0x7fffffff    INTERP_LAZY"
    "DISPATCH_SPEED         y       choice:DISPATCH:feature=dispatch-tail"
    "DISPATCH_SIZE          n       choice:DISPATCH"
    "OPT_SPEED              n       choice:OPT:profile=firmware-speed"
    "OPT_SIZE               y       choice:OPT:profile=firmware"
    "OPT_MINSIZE            n       choice:OPT:profile=firmware-minsize"
    "FLOAT                  y       feature"
    "SIGN_EXTENSION         y       feature"
    "SATURATING_FLOAT       y       feature                 FLOAT"
    "MULTI_VALUE            y       feature"
    "BULK_MEMORY            y       feature"
    "REFERENCE_TYPES        y       feature                 BULK_MEMORY"
    "EXTENDED_CONST         y       feature"
    "TAIL_CALL              y       feature"
    "CUSTOM_PAGE_SIZES      y       feature"
    "FUEL                   y       feature"
    "NAMES                  y       feature"
    "BACKTRACE              y       feature"
    "MESSAGES               y       feature"
    "EXTRA_CHECKS           n       feature"
    "WASMPARSER             n       feature"
    "THREAD                 y       feature"
    "RUNTIME_POOL           y       feature"
    "LOG_LEVEL              2       number:0..5"
    "POOL_SIZE              0       number:0..0x7fffffff"
    "DEFAULT_STACK_SIZE     8192    number:64..0x7fffffff"
    "DEFAULT_HEAP_LIMIT     65536   number:0..0x7fffffff"
    "DEFAULT_MEMORY_LIMIT   131072  number:0..0xffffffff"
    "DEFAULT_TABLE_LIMIT    1024    number:0..0xffffffff"
    "DEFAULT_CALL_DEPTH     8       number:1..65535")

get_filename_component(WASMOTE_ROOT "${CMAKE_CURRENT_LIST_DIR}" DIRECTORY)

# Splits a line of the list into option_name, option_default, option_kind and option_needs.
macro(_wasmote_parse_option line)
    string(REGEX MATCH "^([A-Z_]+) +([^ ]+) +([^ ]+) *([A-Z_]*)$" _ignored "${line}")
    set(option_name "${CMAKE_MATCH_1}")
    set(option_default "${CMAKE_MATCH_2}")
    set(option_kind "${CMAKE_MATCH_3}")
    set(option_needs "${CMAKE_MATCH_4}")
endmacro()

function(_wasmote_is_on out name)
    set(value "${CONFIG_WASMOTE_${name}}")
    if(value MATCHES "^(y|Y|yes|YES|on|ON|true|TRUE|1)$")
        set(${out} TRUE PARENT_SCOPE)
    elseif(value MATCHES "^(n|N|no|NO|off|OFF|false|FALSE|0|)$")
        set(${out} FALSE PARENT_SCOPE)
    else()
        message(FATAL_ERROR "wasmote: CONFIG_WASMOTE_${name} is '${value}': use y or n")
    endif()
endfunction()

# Sets <out> to the option's number in decimal.
function(_wasmote_number out name range)
    set(value "${CONFIG_WASMOTE_${name}}")
    string(REGEX MATCH "^number:(.+)\\.\\.(.+)$" range "${range}")
    set(least "${CMAKE_MATCH_1}")
    set(most "${CMAKE_MATCH_2}")
    if(NOT value MATCHES "^([0-9]+|0[xX][0-9a-fA-F]+)$" OR value MATCHES "^.............")
        message(FATAL_ERROR "wasmote: CONFIG_WASMOTE_${name} is '${value}': use a number from ${least} to ${most}")
    endif()
    math(EXPR value "${value}")
    math(EXPR least "${least}")
    math(EXPR most "${most}")
    if(value LESS least OR value GREATER most)
        message(FATAL_ERROR "wasmote: CONFIG_WASMOTE_${name} is ${value}: use a number from ${least} to ${most}")
    endif()
    set(${out} ${value} PARENT_SCOPE)
endfunction()

# Sets <out> to the number of the option that was parsed last, in decimal; to nothing if what it needs is off.
macro(_wasmote_number_in_use out)
    set(needs_met TRUE)
    if(option_needs)
        _wasmote_is_on(needs_met ${option_needs})
    endif()
    set(${out} "")
    if(needs_met)
        _wasmote_number(${out} ${option_name} ${option_kind})
    endif()
endmacro()

function(wasmote_default_options)
    foreach(line IN LISTS WASMOTE_OPTIONS)
        _wasmote_parse_option("${line}")
        if(DEFINED CONFIG_WASMOTE_${option_name})
            continue()
        endif()
        # An option follows what it needs, and the members of a choice follow the one that was chosen.
        if(option_needs AND NOT option_kind MATCHES "^number")
            _wasmote_is_on(has_needs ${option_needs})
            if(NOT has_needs)
                set(option_default n)
            endif()
        endif()
        if(option_kind MATCHES "^choice:([A-Z]+)")
            set(group ${CMAKE_MATCH_1})
            foreach(other IN LISTS WASMOTE_OPTIONS)
                string(REGEX REPLACE " .*" "" other_name "${other}")
                if(other MATCHES " choice:${group}(:| |$)" AND DEFINED CONFIG_WASMOTE_${other_name}
                   AND NOT other_name IN_LIST defaulted)
                    _wasmote_is_on(chosen ${other_name})
                    if(chosen)
                        set(option_default n)
                    endif()
                endif()
            endforeach()
        endif()
        list(APPEND defaulted ${option_name})
        set(CONFIG_WASMOTE_${option_name} ${option_default})
        set(CONFIG_WASMOTE_${option_name} ${option_default} PARENT_SCOPE)
    endforeach()
endfunction()

function(wasmote_check_options)
    set(names)
    set(groups)
    foreach(line IN LISTS WASMOTE_OPTIONS)
        _wasmote_parse_option("${line}")
        list(APPEND names CONFIG_WASMOTE_${option_name})
        if(option_kind MATCHES "^number")
            _wasmote_number_in_use(ignored)
            continue()
        endif()
        _wasmote_is_on(enabled ${option_name})
        if(enabled AND option_needs)
            _wasmote_is_on(has_needs ${option_needs})
            if(NOT has_needs)
                message(FATAL_ERROR "wasmote: CONFIG_WASMOTE_${option_name} needs CONFIG_WASMOTE_${option_needs}")
            endif()
        endif()
        if(option_kind MATCHES "^choice:([A-Z]+)")
            list(APPEND groups ${CMAKE_MATCH_1})
            list(APPEND members_of_${CMAKE_MATCH_1} CONFIG_WASMOTE_${option_name})
            if(enabled)
                math(EXPR chosen_of_${CMAKE_MATCH_1} "${chosen_of_${CMAKE_MATCH_1}} + 1")
            endif()
        endif()
    endforeach()

    _wasmote_is_on(interp INTERP)
    _wasmote_is_on(jit JIT)
    if(NOT interp AND NOT jit)
        message(FATAL_ERROR "wasmote: set CONFIG_WASMOTE_INTERP, CONFIG_WASMOTE_JIT or both to y")
    endif()
    _wasmote_is_on(interp_lazy INTERP_LAZY)
    if(interp_lazy AND jit)
        message(FATAL_ERROR "wasmote: CONFIG_WASMOTE_INTERP_LAZY is not for builds with CONFIG_WASMOTE_JIT")
    endif()

    list(REMOVE_DUPLICATES groups)
    foreach(group IN LISTS groups)
        if(NOT chosen_of_${group} EQUAL 1)
            list(JOIN members_of_${group} ", " members)
            message(FATAL_ERROR "wasmote: set exactly one of ${members} to y")
        endif()
    endforeach()

    get_cmake_property(variables VARIABLES)
    list(FILTER variables INCLUDE REGEX "^CONFIG_WASMOTE_")
    list(REMOVE_ITEM variables ${names})
    if(variables)
        list(JOIN variables ", " variables)
        message(FATAL_ERROR "wasmote: there is no option ${variables}; cmake/wasmote_options.cmake lists them all")
    endif()
endfunction()

function(wasmote_option_definitions out)
    set(definitions)
    foreach(line IN LISTS WASMOTE_OPTIONS)
        _wasmote_parse_option("${line}")
        if(option_kind MATCHES "^number")
            _wasmote_number_in_use(value)
            if(NOT value STREQUAL "")
                list(APPEND definitions CONFIG_WASMOTE_${option_name}=${value})
            endif()
        else()
            _wasmote_is_on(enabled ${option_name})
            if(enabled)
                list(APPEND definitions CONFIG_WASMOTE_${option_name}=1)
            endif()
        endif()
    endforeach()
    set(${out} "${definitions}" PARENT_SCOPE)
endfunction()

# The Rust target of a C compiler called with these flags, by the macros it then predefines: they tell the instruction
# set and the calling convention of floats, both of which must agree. Empty if there is none; <out>_WHY then says why.
# <out>_FPU is what a Cortex-M's FPU can do, as features of wasmote-capi: fpu-single, fpu-double, fpu-v5.
# Compilers that do not know `-dM -E` cannot be asked.
function(wasmote_rust_target out)
    set(empty "${CMAKE_CURRENT_BINARY_DIR}/wasmote_empty.c")
    file(TOUCH "${empty}")
    execute_process(COMMAND "${CMAKE_C_COMPILER}" ${ARGN} -dM -E "${empty}"
                    OUTPUT_VARIABLE macros ERROR_VARIABLE error RESULT_VARIABLE result)
    set(why "the C compiler does not tell its target by -dM -E (${error})")
    set(rust "")
    if(result EQUAL 0)
        string(REGEX MATCHALL "#define [A-Za-z0-9_]+" defined "${macros}")
        list(TRANSFORM defined REPLACE "#define " "")
        _wasmote_rust_target_of("${macros}" ${defined})
        _wasmote_fpu_of("${macros}" "${ARGN}")
    endif()
    set(${out} "${rust}" PARENT_SCOPE)
    set(${out}_WHY "${why}" PARENT_SCOPE)
    set(${out}_FPU "${fpu}" PARENT_SCOPE)
endfunction()

# Sets `fpu` of its caller from the predefined macros and the flags. Which version an FPU has, GCC does not tell: 4 is
# the Cortex-M4's alone, and has no doubles.
macro(_wasmote_fpu_of text flags)
    set(fpu)
    if("${text}" MATCHES "#define __ARM_ARCH_PROFILE (77|'M')" AND "${text}" MATCHES "#define __ARM_FP (0x[0-9a-fA-F]+|[0-9]+)")
        math(EXPR sizes "${CMAKE_MATCH_1}")
        math(EXPR double "${sizes} & 8")
        set(fpu fpu-single)
        if(double)
            list(APPEND fpu fpu-double)
        endif()
        if(double OR NOT "${text}" MATCHES "#define __ARM_ARCH_7EM__" OR "${flags}" MATCHES "cortex-m7|fpv5")
            list(APPEND fpu fpu-v5)
        endif()
    endif()
endmacro()

function(wasmote_check_jit triple)
    _wasmote_is_on(jit JIT)
    if(jit AND NOT triple MATCHES "^thumbv(7e?m|8m.main)-|^x86_64-")
        message(FATAL_ERROR "wasmote: CONFIG_WASMOTE_JIT has no native code for ${triple}; it has for Cortex-M3 and above "
                            "(Armv7-M, Armv8-M Mainline)")
    endif()
endfunction()

# Sets `rust` and `why` of its caller from the predefined macros: their text, and the list of their names.
macro(_wasmote_rust_target_of text)
    set(names ${ARGN})
    set(hf "")
    if("__ARM_PCS_VFP" IN_LIST names)
        set(hf "hf")
    endif()
    if("__ARM_ARCH_6M__" IN_LIST names)
        set(rust thumbv6m-none-eabi)
    elseif("__ARM_ARCH_7M__" IN_LIST names)
        set(rust thumbv7m-none-eabi)
    elseif("__ARM_ARCH_7EM__" IN_LIST names)
        set(rust thumbv7em-none-eabi${hf})
    elseif("__ARM_ARCH_8M_BASE__" IN_LIST names)
        set(rust thumbv8m.base-none-eabi)
    elseif("__ARM_ARCH_8M_MAIN__" IN_LIST names OR "__ARM_ARCH_8_1M_MAIN__" IN_LIST names)
        set(rust thumbv8m.main-none-eabi${hf})
    elseif("__arm__" IN_LIST names)
        set(why "these flags mean an Arm core that is not a Cortex-M; is -mcpu missing?")
    elseif("__aarch64__" IN_LIST names AND "__ARM_FP" IN_LIST names)
        set(rust aarch64-unknown-none)
    elseif("__aarch64__" IN_LIST names)
        set(rust aarch64-unknown-none-softfloat)
    elseif("__riscv" IN_LIST names)
        _wasmote_riscv_target("${text}" ${names})
    elseif("__linux__" IN_LIST names AND "__x86_64__" IN_LIST names AND NOT "__ILP32__" IN_LIST names)
        set(rust x86_64-unknown-linux-gnu)
    elseif("__linux__" IN_LIST names AND "__i386__" IN_LIST names)
        set(rust i686-unknown-linux-gnu)
    else()
        set(why "wasmote has no Rust target for this CPU")
    endif()
endmacro()

# The largest Rust target whose extensions the CPU has, with the same float calling convention.
macro(_wasmote_riscv_target text)
    set(names ${ARGN})
    string(REGEX MATCH "#define __riscv_xlen ([0-9]+)" xlen "${text}")
    set(xlen "${CMAKE_MATCH_1}")
    set(has "")
    foreach(pair "m:__riscv_mul" "a:__riscv_atomic" "c:__riscv_compressed")
        string(REPLACE ":" ";" pair "${pair}")
        list(GET pair 0 letter)
        list(GET pair 1 name)
        if("${name}" IN_LIST names)
            string(APPEND has ${letter})
        endif()
    endforeach()
    foreach(float soft single double quad)
        if("__riscv_float_abi_${float}" IN_LIST names)
            set(abi ${float})
        endif()
    endforeach()
    set(why "no Rust target fits RV${xlen}I with the extensions '${has}' and the float ABI '${abi}'")
    if("__riscv_32e" IN_LIST names OR "__riscv_64e" IN_LIST names OR "__riscv_e" IN_LIST names)
        set(why "RV${xlen}E has too few registers for Rust's targets")
    elseif("${xlen}${abi}${has}" STREQUAL "32softmac")
        set(rust riscv32imac-unknown-none-elf)
    elseif("${xlen}${abi}${has}" STREQUAL "32softmc")
        set(rust riscv32imc-unknown-none-elf)
    elseif("${xlen}${abi}${has}" MATCHES "^32softm")
        set(rust riscv32im-unknown-none-elf)
    elseif("${xlen}${abi}" STREQUAL "32soft")
        set(rust riscv32i-unknown-none-elf)
    elseif("${xlen}${abi}${has}" STREQUAL "32singlemac")
        set(rust riscv32imafc-unknown-none-elf)
    elseif("${xlen}${abi}${has}" STREQUAL "64softmac")
        set(rust riscv64imac-unknown-none-elf)
    elseif("${xlen}${abi}${has}" STREQUAL "64doublemac")
        set(rust riscv64gc-unknown-none-elf)
    endif()
endmacro()

# Refuses, with what to do, if this Rust cannot compile for the target.
function(_wasmote_check_rust triple)
    find_program(WASMOTE_CARGO cargo HINTS "$ENV{HOME}/.cargo/bin")
    find_program(WASMOTE_RUSTC rustc HINTS "$ENV{HOME}/.cargo/bin")
    if(NOT WASMOTE_CARGO OR NOT WASMOTE_RUSTC)
        message(FATAL_ERROR "wasmote: cargo and rustc are needed; install Rust from https://rustup.rs")
    endif()
    execute_process(COMMAND "${WASMOTE_RUSTC}" --print target-libdir --target "${triple}"
                    WORKING_DIRECTORY "${WASMOTE_ROOT}" OUTPUT_STRIP_TRAILING_WHITESPACE
                    OUTPUT_VARIABLE libraries ERROR_VARIABLE error RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "wasmote: rustc does not work for ${triple} in ${WASMOTE_ROOT}:\n${error}"
                            "If the pinned toolchain is not installed: (cd ${WASMOTE_ROOT} && rustup toolchain install)")
    endif()
    file(GLOB core "${libraries}/libcore-*.rlib")
    if(NOT core)
        message(FATAL_ERROR "wasmote: Rust's library for ${triple} is not installed. Do:\n"
                            "  (cd ${WASMOTE_ROOT} && rustup target add ${triple})")
    endif()
endfunction()

function(wasmote_build_staticlib target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "RUST_TARGET" "FPU")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_RUST_TARGET)
        message(FATAL_ERROR "wasmote_build_staticlib(<target> RUST_TARGET <triple> [FPU <features>...])")
    endif()
    _wasmote_check_rust(${arg_RUST_TARGET})

    set(features)
    _wasmote_is_on(jit JIT)
    if(jit)
        set(features ${arg_FPU}) # only compiled code asks
    endif()
    set(environment)
    foreach(line IN LISTS WASMOTE_OPTIONS)
        _wasmote_parse_option("${line}")
        if(option_kind MATCHES "^number:")
            _wasmote_number_in_use(value)
            if(NOT value STREQUAL "")
                list(APPEND environment "WASMOTE_${option_name}=${value}")
            endif()
            continue()
        endif()
        _wasmote_is_on(enabled ${option_name})
        if(NOT enabled)
            continue()
        elseif(option_kind STREQUAL "feature")
            string(TOLOWER "${option_name}" feature)
            string(REPLACE "_" "-" feature "${feature}")
            list(APPEND features ${feature})
        elseif(option_kind MATCHES "feature=(.+)$")
            list(APPEND features ${CMAKE_MATCH_1})
        elseif(option_kind MATCHES "profile=(.+)$")
            set(profile ${CMAKE_MATCH_1})
        endif()
    endforeach()
    list(JOIN features "," features)

    # Its own target directory: with another build's features and environment, each would undo the other's work. Who
    # builds much with the same options may say where: then the archive is taken from there.
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/cargo/${arg_RUST_TARGET}/${profile}")
    set(archive "${folder}/libwasmote.a")
    if(WASMOTE_CARGO_TARGET_DIR)
        set(directory "${WASMOTE_CARGO_TARGET_DIR}")
        set(build "${CMAKE_COMMAND}" "-DDIRECTORY=${directory}"
                  "-DARCHIVE=${directory}/${arg_RUST_TARGET}/${profile}/libwasmote.a" "-DCOPY=${archive}"
                  -P "${WASMOTE_ROOT}/cmake/wasmote_shared_build.cmake" -- "${WASMOTE_CARGO}" build)
    else()
        set(directory "${CMAKE_CURRENT_BINARY_DIR}/cargo")
        set(build "${WASMOTE_CARGO}" build)
    endif()
    set(runtime "${folder}/libwasmote_runtime.a")
    set(builtins "${folder}/libwasmote_builtins.a")
    # Always run, since cargo knows best whether something has changed. It leaves the archive alone if not.
    add_custom_target(${target}_cargo
        COMMAND "${CMAKE_COMMAND}" -E env ${environment}
                ${build} --locked --package wasmote-capi --profile ${profile}
                --target ${arg_RUST_TARGET} --target-dir "${directory}"
                --no-default-features --features "${features}"
        COMMAND "${CMAKE_COMMAND}" "-DAR=${CMAKE_AR}" "-DARCHIVE=${archive}"
                -P "${WASMOTE_ROOT}/cmake/wasmote_split_archive.cmake"
        BYPRODUCTS "${archive}" "${runtime}" "${builtins}"
        WORKING_DIRECTORY "${WASMOTE_ROOT}"
        COMMENT "wasmote for ${arg_RUST_TARGET}"
        USES_TERMINAL VERBATIM)
    foreach(library "" _builtins)
        add_library(${target}${library} STATIC IMPORTED GLOBAL)
        add_dependencies(${target}${library} ${target}_cargo)
    endforeach()
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${runtime}")
    set_target_properties(${target}_builtins PROPERTIES IMPORTED_LOCATION "${builtins}")
endfunction()
