/** Tests of the API server over real HTTP and in process, on a store in a temporary directory. */
@NullMarked
package dev.nacelle.apiserver;

import org.jspecify.annotations.NullMarked;
