/** How long the start of a container takes, by each of the ways to start one. */
@NullMarked
package dev.nacelle.bench.starter;

import org.jspecify.annotations.NullMarked;
