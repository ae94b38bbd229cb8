/**
 * eBPF objects by raw {@code bpf(2)}: read an ELF file ({@link dev.nacelle.kernel.bpf.BpfObject}),
 * make maps, load programs, attach and pin. Needs no library. It knows nothing of what the programs
 * do.
 */
@NullMarked
package dev.nacelle.kernel.bpf;

import org.jspecify.annotations.NullMarked;
