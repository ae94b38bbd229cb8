/** Tests of authentication, authorization and admission against a whole API server. */
package dev.nacelle.apiserver.auth;
