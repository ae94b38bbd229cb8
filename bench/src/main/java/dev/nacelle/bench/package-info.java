/**
 * The figures of the platform. Start at {@link dev.nacelle.bench.Bench}. Knows the program only
 * from outside: its launcher, its API, its control socket and what the kernel says of its
 * processes.
 */
@NullMarked
package dev.nacelle.bench;

import org.jspecify.annotations.NullMarked;
