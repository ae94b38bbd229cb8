/** What every figure has around it: the machine, samples and their percentiles, tables, goals. */
@NullMarked
package dev.nacelle.bench.report;

import org.jspecify.annotations.NullMarked;
