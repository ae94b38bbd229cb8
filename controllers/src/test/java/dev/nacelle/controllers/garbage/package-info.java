/** Tests of the plans. */
@NullMarked
package dev.nacelle.controllers.garbage;

import org.jspecify.annotations.NullMarked;
