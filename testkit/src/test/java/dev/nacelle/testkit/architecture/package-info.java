/** The rules of ARCHITECTURE.md and of the style, checked against the compiled classes. */
@NullMarked
package dev.nacelle.testkit.architecture;

import org.jspecify.annotations.NullMarked;
