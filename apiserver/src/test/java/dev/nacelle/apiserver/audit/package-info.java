/** Tests of audit without a server. */
package dev.nacelle.apiserver.audit;
