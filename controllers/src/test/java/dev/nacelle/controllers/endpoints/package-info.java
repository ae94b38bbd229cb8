/** Tests of the plans. */
@NullMarked
package dev.nacelle.controllers.endpoints;

import org.jspecify.annotations.NullMarked;
