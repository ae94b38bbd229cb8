/** Tests of the plans. */
@NullMarked
package dev.nacelle.controllers.deployment;

import org.jspecify.annotations.NullMarked;
