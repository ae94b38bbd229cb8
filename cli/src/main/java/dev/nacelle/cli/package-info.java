/**
 * The verbs of the command line: their options, their words, their exit codes. Start at {@link
 * dev.nacelle.cli.Cli}. What they ask of a running platform goes through its local socket; what
 * needs the whole platform goes through {@link dev.nacelle.cli.Host}, which the application
 * implements.
 */
@NullMarked
package dev.nacelle.cli;

import org.jspecify.annotations.NullMarked;
