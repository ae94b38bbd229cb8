/**
 * The program: its configuration, its directories, and the one class that sees everything, {@link
 * dev.nacelle.app.Wiring}. Start at {@link dev.nacelle.app.Main}.
 */
@NullMarked
package dev.nacelle.app;

import org.jspecify.annotations.NullMarked;
