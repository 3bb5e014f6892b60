/** The hand-written schema of the peers: plain lists without edges, cursors and page info. */
export const plainSchema = `
  type Query {
    conversations(first: Int!): [Conversation!]!
    conversation(id: ID!): Conversation
    user(id: ID!): User
    settings: Settings!
    models: [Model!]!
  }
  type Mutation { sendMessage(conversationId: ID!, content: String!): Message! }
  type Conversation {
    id: ID!
    title: String!
    messageCount: Int!
    lastMessage: Message
    messages(last: Int, first: Int, after: Int): [Message!]!
  }
  type Message { id: ID! content: String! role: String! createdAt: String! author: User }
  type User { id: ID! displayName: String! profile: Profile! }
  type Profile {
    firstName: String lastName: String bio: String avatarUrl: String locale: String timezone: String
    preferences: JSON! updatedAt: String!
  }
  type Settings {
    anonymousMockMode: Boolean! maxMessageLength: Int! signUpEnabled: Boolean! updatedAt: String! defaultModel: Model
  }
  type Model {
    id: ID! name: String! provider: String! contextWindow: Int! maxOutputTokens: Int isEnabled: Boolean! isMock: Boolean!
    inputPricePerMillion: Float outputPricePerMillion: Float
  }
  scalar JSON
`;
