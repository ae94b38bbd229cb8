/**
 * What several controllers need: ownership, states of pods, pods from templates, conditions. Start
 * at {@link dev.nacelle.controllers.shared.ControllerContext}. Must not know any one controller.
 */
@NullMarked
package dev.nacelle.controllers.shared;

import org.jspecify.annotations.NullMarked;
