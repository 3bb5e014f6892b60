/** The logo of the explorer and the favicon, as SVG. */
export const logo =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M4 5h24v17H14l-7 6v-6H4z" fill="#e10098"/></svg>';
