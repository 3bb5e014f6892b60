/** The operation that both explorers open with; the demo data of `parley seed` answers it. */
export const exampleOperation = `# The latest conversations with their last messages
query LatestConversations {
  viewer {
    displayName
  }
  conversations(first: 5) {
    totalCount
    nodes {
      title
      messageCount
      lastMessage {
        author {
          displayName
        }
        content
        createdAt
      }
    }
  }
}
`;

/** The headers that run an operation with this token; none without one. */
export function bearerHeaders(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}
