/** Controllers and scheduler together, over an API in memory. */
@NullMarked
package dev.nacelle.testkit.controllers;

import org.jspecify.annotations.NullMarked;
