#!/bin/sh
# RUSTC_WRAPPER: lets libFuzzer see which code of wasmote a run reaches. The engines that wasmote is compared with are left
# as they are: they would take most of the build's time, and are not what is looked at.
rustc=$1
shift
case " $* " in
*" --crate-name wasmote "* | *" --crate-name wasmote_core "* | *" --crate-name wasmote_frontend "* | \
	*" --crate-name wasmote_interp "* | *" --crate-name wasmote_platform "* | *" --crate-name wasmote_capi "*)
	set -- "$@" --cfg fuzzing -Cdebug-assertions -Ccodegen-units=1 -Cpasses=sancov-module \
		-Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
		-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
	;;
esac
exec "$rustc" "$@"
