/**
 * Certificates by request: who gets one without being asked further, and who signs it. Start at
 * {@link dev.nacelle.apiserver.auth.signing.CertificateSigning}. Must not know HTTP nor the store.
 */
@NullMarked
package dev.nacelle.apiserver.auth.signing;

import org.jspecify.annotations.NullMarked;
