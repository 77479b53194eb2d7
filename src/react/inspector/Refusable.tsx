import { Component, type ReactNode } from "react";
import { refusalOf } from "./useChange.js";

/** Shows what is inside, or why it may not be shown: a query throws where it is refused. */
export class Refusable extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <div className="refused" role="alert">
        <p>{refusalOf(error)}</p>
        <button type="button" onClick={() => this.setState({ error: null })}>
          Try again
        </button>
      </div>
    );
  }
}
