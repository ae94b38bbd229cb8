/**
 * The contract of {@link dev.nacelle.runtime.ContainerRuntime} as a test suite; an implementation
 * extends {@link dev.nacelle.testkit.runtime.ContainerRuntimeContract}.
 */
@NullMarked
package dev.nacelle.testkit.runtime;

import org.jspecify.annotations.NullMarked;
