/** Tests of the controllers' plans, without threads. */
@NullMarked
package dev.nacelle.controllers;

import org.jspecify.annotations.NullMarked;
