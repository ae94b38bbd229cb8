/** An instance of the program that is measured, on a data directory of its own. */
@NullMarked
package dev.nacelle.bench.platform;

import org.jspecify.annotations.NullMarked;
