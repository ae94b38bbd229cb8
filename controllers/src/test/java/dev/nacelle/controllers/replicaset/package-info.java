/** Tests of the plans. */
@NullMarked
package dev.nacelle.controllers.replicaset;

import org.jspecify.annotations.NullMarked;
