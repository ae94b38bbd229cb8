/** Tests of the proxy subresources' parts. */
@NullMarked
package dev.nacelle.apiserver.proxy;

import org.jspecify.annotations.NullMarked;
