/** An image of real files, made of what is installed here, that figures are taken with. */
@NullMarked
package dev.nacelle.bench.image;

import org.jspecify.annotations.NullMarked;
