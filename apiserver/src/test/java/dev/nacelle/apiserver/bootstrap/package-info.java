/** Tests of how access control is put together. */
package dev.nacelle.apiserver.bootstrap;
