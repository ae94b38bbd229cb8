/** The kinds of group authentication.k8s.io. */
@NullMarked
package dev.nacelle.api.kinds.authentication;

import org.jspecify.annotations.NullMarked;
