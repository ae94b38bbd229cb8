/**
 * The controllers: each makes one kind of object true. Start at {@link
 * dev.nacelle.controllers.Controllers}. A controller is a pure plan and a thin reconciler that
 * applies it; they meet each other, and the rest of the platform, through the API alone.
 */
@NullMarked
package dev.nacelle.controllers;

import org.jspecify.annotations.NullMarked;
