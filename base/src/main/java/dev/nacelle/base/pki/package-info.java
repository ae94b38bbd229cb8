/**
 * Keys, certificates and their texts: a small certificate authority. Start at {@link
 * dev.nacelle.base.pki.CertificateAuthority} and {@link dev.nacelle.base.pki.Pem}. Loading what
 * exists uses the JDK alone; only making certificates loads the large library. Must not know who
 * the subjects are.
 */
@NullMarked
package dev.nacelle.base.pki;

import org.jspecify.annotations.NullMarked;
