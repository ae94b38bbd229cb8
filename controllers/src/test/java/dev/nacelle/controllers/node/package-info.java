/** Tests of the plans. */
@NullMarked
package dev.nacelle.controllers.node;

import org.jspecify.annotations.NullMarked;
