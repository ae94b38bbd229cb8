/**
 * The Kubernetes API over HTTPS and in process. Start at {@code ApiServer}. Must not know
 * controllers, scheduler or node but through the API.
 */
@NullMarked
package dev.nacelle.apiserver;

import org.jspecify.annotations.NullMarked;
