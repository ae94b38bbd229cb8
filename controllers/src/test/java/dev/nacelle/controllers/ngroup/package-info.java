/** Tests of the plans. */
@NullMarked
package dev.nacelle.controllers.ngroup;

import org.jspecify.annotations.NullMarked;
