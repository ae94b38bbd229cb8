/**
 * What admission adds to pods: service account, tolerations, priority. Start at {@link
 * dev.nacelle.apiserver.auth.pods.ServiceAccountStep}. Must not know HTTP nor the store.
 */
@NullMarked
package dev.nacelle.apiserver.auth.pods;

import org.jspecify.annotations.NullMarked;
