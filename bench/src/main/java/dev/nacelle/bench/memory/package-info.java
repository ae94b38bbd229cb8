/** Which process, and which part of it, holds how much memory. */
@NullMarked
package dev.nacelle.bench.memory;

import org.jspecify.annotations.NullMarked;
