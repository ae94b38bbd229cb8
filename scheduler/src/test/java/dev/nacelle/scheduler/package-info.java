/** Tests of placement and of the queue. */
@NullMarked
package dev.nacelle.scheduler;

import org.jspecify.annotations.NullMarked;
