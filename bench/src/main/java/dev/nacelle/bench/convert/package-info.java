/**
 * What the streaming form of an image costs to make. Start at {@link
 * dev.nacelle.bench.convert.Conversions}.
 */
@NullMarked
package dev.nacelle.bench.convert;

import org.jspecify.annotations.NullMarked;
