/** Tests of the rules of signers. */
package dev.nacelle.apiserver.auth.signing;
